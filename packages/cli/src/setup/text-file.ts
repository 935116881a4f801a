import { chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../exit-code.ts'
import { SetupRefusedError } from './errors.ts'

/**
 * The text of a file of the user, or undefined when there is none.
 *
 * @throws {SetupRefusedError} when it is not UTF-8, for then it could not be written back as it was
 */
export async function readText(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file)
  if (bytes === undefined) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new SetupRefusedError(`Cannot change ${file}: it is not UTF-8`, { cause: error })
  }
}

async function readBytes(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replace the text of a file as a whole, with the permissions that it had; through a link, what it points to. */
export async function replaceText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const target = await targetOf(file)
  const temporary = `${target}.jarswarm-new`
  const mode = await modeOf(target)
  await writeFile(temporary, text, { mode, flush: true })
  // The mode of a new file is cut by the umask, and one left by a crash has its own.
  await chmod(temporary, mode)
  await rename(temporary, target)
}

export async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true })
}

async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return file
    throw error
  }
}

/** Settings may hold passwords: a copy of them is not more open than they are. */
export async function modeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).mode & 0o777
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0o644
    throw error
  }
}
