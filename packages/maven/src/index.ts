export { isBookkeeping } from './bookkeeping.ts'
export { isMutablePath, pomOf, projectOf } from './classification.ts'
export { isSnapshotVersion, parseCoordinates } from './coordinates.ts'
export type { Coordinates } from './coordinates.ts'
export { InvalidPathError } from './errors.ts'
export {
  directoryOf,
  isPath,
  MAX_PATH_BYTES,
  MAX_PATH_SEGMENTS,
  MAX_SEGMENT_BYTES,
  nameOf,
  parsePath,
  RESERVED_SEGMENT,
} from './repository-path.ts'
export type { RepositoryPath } from './repository-path.ts'
export { sidecarOf } from './sidecar.ts'
export type { Sidecar, SidecarAlgorithm } from './sidecar.ts'
