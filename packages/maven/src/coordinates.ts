import { InvalidPathError } from './errors.ts'
import { parsePath } from './repository-path.ts'
import type { RepositoryPath } from './repository-path.ts'
import { MAX_PATH_BYTES } from './limits.ts'

/** What a path of the default layout says: `group/artifact/version/artifact-version[-classifier].extension`. */
export interface Coordinates {
  /** With dots: `org.clojure`. */
  readonly group: string
  readonly artifact: string
  /** Name of the version's directory; ends in `-SNAPSHOT` for snapshots. */
  readonly version: string
  /** `20240102.030405-7` of a snapshot that was deployed under its time, else undefined. */
  readonly timestamp: string | undefined
  readonly classifier: string | undefined
  /** All that follows: `jar`, `tar.gz`, `pom.asc`, `jar.sha1`. */
  readonly extension: string
}

const TIMESTAMP = /^(\d{8}\.\d{6}-\d+)(?=[.-])/

// A classifier may hold dots (`natives-1.8`), so the extension is the last one, with what is known to go before it
// (`tar.`) or after it (signatures and sidecars).
const CLASSIFIED =
  /^-(.+?)\.((?:tar\.)?[^.]+(?:\.(?:asc|sigstore|sigstore\.json))?(?:\.(?:md5|sha1|sha256|sha512))?)$/

/**
 * Take the path of an artifact apart.
 *
 * @returns undefined for what does not follow the default layout: metadata, catalogs, files elsewhere
 */
export function parseCoordinates(path: RepositoryPath): Coordinates | undefined {
  // The limit, which no path reaches, keeps V8 from putting the segments of a path that it knows into its table of strings.
  const segments = path.split('/', MAX_PATH_BYTES)
  const [artifact, version, name] = segments.slice(-3)
  if (
    segments.length < 4 ||
    name === undefined ||
    version === undefined ||
    artifact === undefined
  ) {
    return undefined
  }
  const found = splitName(name, artifact, version)
  if (found === undefined) return undefined
  const suffix = splitSuffix(found.suffix)
  if (suffix === undefined) return undefined
  const group = segments.slice(0, -3).join('.')
  return { group, artifact, version, timestamp: found.timestamp, ...suffix }
}

/**
 * The path of an artifact: what `parseCoordinates` takes apart.
 *
 * @throws {InvalidPathError} when a part cannot stand in a path
 */
export function formatCoordinates(coordinates: Coordinates): RepositoryPath {
  const { group, artifact, version, timestamp, classifier, extension } = coordinates
  const shown = timestamp === undefined ? version : version.replace(/SNAPSHOT$/, timestamp)
  const suffix = classifier === undefined ? '' : `-${classifier}`
  const name = `${artifact}-${shown}${suffix}.${extension}`
  const directory = [...group.split('.'), artifact, version]
  const text = [...directory, name].join('/')
  // A slash inside of a part would make another path of it.
  if (text.split('/').length !== directory.length + 1) throw new InvalidPathError(text, 'a slash')
  return parsePath(text)
}

/** Cut `artifact-version` off a file name, the version either as its directory's or with its time. */
function splitName(
  name: string,
  artifact: string,
  version: string,
): { timestamp: string | undefined; suffix: string } | undefined {
  const plain = `${artifact}-${version}`
  if (name.startsWith(plain)) return { timestamp: undefined, suffix: name.slice(plain.length) }
  if (!isSnapshotVersion(version)) return undefined
  const base = `${artifact}-${version.replace(/SNAPSHOT$/, '')}`
  if (!name.startsWith(base)) return undefined
  const timestamp = TIMESTAMP.exec(name.slice(base.length))?.[1]
  if (timestamp === undefined) return undefined
  return { timestamp, suffix: name.slice(base.length + timestamp.length) }
}

function splitSuffix(
  suffix: string,
): { classifier: string | undefined; extension: string } | undefined {
  if (suffix.startsWith('.')) {
    return suffix.length > 1 ? { classifier: undefined, extension: suffix.slice(1) } : undefined
  }
  const match = CLASSIFIED.exec(suffix)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  return { classifier: match[1], extension: match[2] }
}

/** Whether a version is a snapshot: `1.0-SNAPSHOT`, or just `SNAPSHOT`. */
export function isSnapshotVersion(version: string): boolean {
  return version === 'SNAPSHOT' || version.endsWith('-SNAPSHOT')
}
