export { isBookkeeping } from './bookkeeping.ts'
export { isMutablePath, pomOf, projectOf } from './classification.ts'
export { formatCoordinates, isSnapshotVersion, parseCoordinates } from './coordinates.ts'
export type { Coordinates } from './coordinates.ts'
export { InvalidPathError, InvalidPomError } from './errors.ts'
export { walkClosure } from './pom/closure.ts'
export type { ClosureArtifact, ClosureComponents } from './pom/closure.ts'
export { readEffectivePom } from './pom/effective-pom.ts'
export type { Dependency, EffectivePom } from './pom/effective-pom.ts'
export { formatId } from './pom/model-reader.ts'
export { parseMetadata } from './pom/parse-metadata.ts'
export type { Metadata, SnapshotFile } from './pom/parse-metadata.ts'
export { parsePom } from './pom/parse-pom.ts'
export type { PomLoader } from './pom/pom-loader.ts'
export type { Pom, PomDependency, PomId, ProjectId, Relocation } from './pom/pom.ts'
export { compareVersions } from './pom/version.ts'
export { highestInRange, parseVersionRange } from './pom/version-range.ts'
export type { VersionRange } from './pom/version-range.ts'
export { directoryOf, isPath, nameOf, parsePath, RESERVED_SEGMENT } from './repository-path.ts'
export type { RepositoryPath } from './repository-path.ts'
export { sidecarOf } from './sidecar.ts'
export type { Sidecar, SidecarAlgorithm } from './sidecar.ts'
export {
  MAX_CLOSURE_DEPTH,
  MAX_CLOSURE_POMS,
  MAX_PATH_BYTES,
  MAX_PATH_SEGMENTS,
  MAX_SEGMENT_BYTES,
  MAX_XML_BYTES,
  PATH_LIMITS,
  POM_LIMITS,
} from './limits.ts'
export type { FormatLimit, FormatLimits } from './format-limit.ts'
