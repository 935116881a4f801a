import { isSnapshotVersion, parseCoordinates } from './coordinates.ts'
import { directoryOf, nameOf } from './repository-path.ts'
import type { RepositoryPath } from './repository-path.ts'

// Its sidecars and its signature change with it.
const METADATA = /^maven-metadata\.xml(?:\.asc)?(?:\.(?:md5|sha1|sha256|sha512))?$/

// Extensions of files that describe or sign an artifact instead of being one.
const DESCRIPTIVE =
  /^(?:pom|module)(?:\.|$)|\.(?:asc|sigstore|sigstore\.json|md5|sha1|sha256|sha512)$/

/**
 * Whether the file at a path may change: `maven-metadata.xml`, and everything below a directory that ends in
 * `-SNAPSHOT`. All else is a release, which may not.
 */
export function isMutablePath(path: RepositoryPath): boolean {
  if (METADATA.test(nameOf(path))) return true
  return path.includes('SNAPSHOT/') && directoryOf(path).split('/').some(isSnapshotVersion)
}

/**
 * The project directory (`group/artifact`) that a file belongs to, the unit of provider records.
 *
 * @returns the file's own directory when the path does not tell; `''` for a file at the top
 */
export function projectOf(path: RepositoryPath): string {
  const directory = directoryOf(path)
  if (parseCoordinates(path) !== undefined) return parentOf(directory)
  const isSnapshotMetadata =
    METADATA.test(nameOf(path)) &&
    isSnapshotVersion(directory.slice(directory.lastIndexOf('/') + 1))
  return isSnapshotMetadata ? parentOf(directory) : directory
}

/**
 * The POM that a client reads before it asks for an artifact.
 *
 * @returns undefined for POMs, module metadata, signatures, sidecars and whatever is no artifact
 */
export function pomOf(path: RepositoryPath): RepositoryPath | undefined {
  const coordinates = parseCoordinates(path)
  if (coordinates === undefined || DESCRIPTIVE.test(coordinates.extension)) {
    // A classified file such as `a-1-tests.pom` is no POM of its own, but describes as well.
    return undefined
  }
  const { artifact, version, timestamp } = coordinates
  const shown = timestamp === undefined ? version : version.replace(/SNAPSHOT$/, timestamp)
  return `${directoryOf(path)}/${artifact}-${shown}.pom` as RepositoryPath
}

function parentOf(directory: string): string {
  return directory.slice(0, Math.max(0, directory.lastIndexOf('/')))
}
