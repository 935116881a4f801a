import { parseCoordinates } from './coordinates.ts'
import { nameOf } from './repository-path.ts'
import type { RepositoryPath } from './repository-path.ts'
import { sidecarOf } from './sidecar.ts'

// What Maven, its resolver, Eclipse and desktops leave beside artifacts.
const CLIENT_FILES = new Set([
  '_remote.repositories',
  '_maven.repositories',
  'resolver-status.properties',
  'm2e-lastUpdated.properties',
  'Thumbs.db',
])

// Unfinished downloads and their locks: `x.jar.part`, `x.jar.part.lock`, `x.jar.1234.tmp`, `x.jar.tmp1a2b3c4d`.
const UNFINISHED = /\.(?:lastUpdated|part|lock|tmp|tmp[0-9a-f]{8,})$|^aether-.*-in-progress$/

// What a client knows of one remote repository: `maven-metadata-clojars.xml`.
const LOCAL_METADATA = /^maven-metadata-.+\.xml$/

// Made from the repository by its server, at its top, and never asked for by a build.
const CATALOGS = /^(?:archetype-catalog\.xml|nexus-maven-repository-index\..*)$/

/**
 * Whether a file that stands in a Maven tree is not the repository's: notes and unfinished downloads of clients,
 * hidden files and directories, catalogs made by a server, and the sidecars of all these.
 *
 * A publisher leaves such files out, so that a tree copied from `~/.m2/repository` can be published.
 */
export function isBookkeeping(path: RepositoryPath): boolean {
  const artifact = sidecarOf(path)?.artifact ?? path
  if (artifact.startsWith('.') || artifact.includes('/.')) return true
  const name = nameOf(artifact)
  if (CLIENT_FILES.has(name) || UNFINISHED.test(name)) return true
  if (LOCAL_METADATA.test(name)) return parseCoordinates(artifact) === undefined
  return CATALOGS.test(artifact)
}
