export { openDataDirectory } from './data-directory.ts'
export type { DataDirectory, DataDirectoryComponents, DataDirectoryInit } from './data-directory.ts'
export { StorageFailedError } from '@jarswarm/ports'
export { StoreClosedError } from './errors.ts'
export { nodeFileSystem } from './file-system.ts'
export type { FileStat, FileSystem, OpenFile } from './file-system.ts'
export {
  DEFAULT_QUOTA_BYTES,
  MAX_BLOBS_IN_MAKING,
  MAX_OPEN_READS,
  MAX_OPEN_TABLES,
  STORE_LIMITS,
} from './limits.ts'
