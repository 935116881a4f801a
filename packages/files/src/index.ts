export { PUBLIC_FILE_MODE, writeFileAtomically } from './atomic-file.ts'
export { CorruptFileError, DatabaseFailedError, KeysExposedError } from './errors.ts'
export { damagedFiles } from './level/damaged-files.ts'
export { flushJournal } from './level/flush-journal.ts'
export { namingDatabase } from './level/naming-database.ts'
export { openSound } from './level/open-sound.ts'
export { cutTornLogs, tornLogs } from './level/torn-logs.ts'
export type { TornLog } from './level/torn-logs.ts'
export { DATABASE_LIMITS } from './limits.ts'
export {
  checkPrivate,
  PRIVATE_DIRECTORY_MODE,
  PRIVATE_FILE_MODE,
  readPrivateFile,
} from './private-file.ts'
export { namePath, namingPath } from './naming-path.ts'
export { openDocument, sealDocument } from './sealed-document.ts'
export type { DocumentMembers } from './sealed-document.ts'
export { openUnfollowed } from './unfollowed-file.ts'
