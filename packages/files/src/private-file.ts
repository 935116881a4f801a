import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { KeysExposedError } from './errors.ts'

/** Of files that only their owner reads. */
export const PRIVATE_FILE_MODE = 0o600
/** Of their directories. */
export const PRIVATE_DIRECTORY_MODE = 0o700

const OTHERS_MAY = 0o077
const PERMISSIONS = 0o7777

/**
 * Read a private key, or another secret.
 *
 * What is looked at is the file that is read, wherever links lead: it must belong to this user, or to root, and nobody
 * else may do anything with it. What is no file, such as a pipe from another program, has no such rights.
 *
 * @throws {KeysExposedError}
 */
export async function readPrivateFile(path: string): Promise<Buffer> {
  await using handle = await open(path, 'r')
  await checkRights(handle, path)
  return await handle.readFile()
}

/**
 * See to it that nobody else can do anything with a secret file, or with what is in a directory of secrets.
 *
 * @throws {KeysExposedError}
 */
export async function checkPrivate(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await checkRights(handle, path)
}

async function checkRights(handle: FileHandle, path: string): Promise<void> {
  // Windows has no such modes, and no such users.
  const user = process.getuid?.()
  if (user === undefined) return
  const found = await handle.stat()
  if (!found.isFile() && !found.isDirectory()) return
  const wanted = (found.isDirectory() ? PRIVATE_DIRECTORY_MODE : PRIVATE_FILE_MODE).toString(8)
  if ((found.mode & OTHERS_MAY) !== 0) {
    const mode = (found.mode & PERMISSIONS).toString(8).padStart(4, '0')
    const reason = `found mode ${mode}, wanted 0${wanted}, for its owner only; run "chmod ${wanted} ${path}"`
    throw new KeysExposedError(path, reason)
  }
  // Root reads what is its users'; nobody else is to use what another user may change.
  if (user === 0 || found.uid === user || found.uid === 0) return
  const reason = `found it owned by user ${String(found.uid)}, wanted user ${String(user)}, who runs this`
  throw new KeysExposedError(path, reason)
}
