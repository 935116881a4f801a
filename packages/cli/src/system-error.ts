import { getSystemErrorMessage } from 'node:util'

/** What to do about those that users meet. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'a path that this user may use is wanted',
  EDQUOT: 'free space is wanted; make room, or have the quota of this user raised',
  EIO: 'a disk that works is wanted; look for its errors in the log of the system, then do this again',
  EISDIR: 'a file is wanted',
  EMFILE: 'more open files are wanted; raise their number (see ulimit -n)',
  ENFILE: 'more open files are wanted; the whole machine has no more',
  ENOENT: 'an existing path is wanted',
  ENOSPC: 'free space is wanted; make room on the disk',
  ENOTDIR: 'a directory is wanted',
  EROFS: 'a disk that can be written is wanted',
}

/** An error of the operating system as one sentence; undefined when it is another error. */
export function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('errno' in error)) return undefined
  const { code, syscall, errno, ...rest } = error as NodeJS.ErrnoException & { address?: string }
  // A Unix socket's path stands in `address`.
  const path = rest.path ?? rest.address
  if (typeof errno !== 'number' || path === undefined) return undefined
  const verb = syscall === 'scandir' || syscall === 'opendir' ? 'read' : 'use'
  const advice = ADVICE[code ?? '']
  const found = `Cannot ${verb} ${path}: ${getSystemErrorMessage(errno)}`
  return advice === undefined ? found : `${found}, ${advice}`
}
