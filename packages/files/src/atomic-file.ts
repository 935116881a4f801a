import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { namingPath } from './naming-path.ts'
import { PRIVATE_FILE_MODE } from './private-file.ts'

/** What all may read, as far as the umask of the process lets them. */
export const PUBLIC_FILE_MODE = 0o644

/**
 * Replace a file as a whole: whoever reads, also after a power cut, finds the old or the new content.
 *
 * @param options.mode permission bits. @defaultValue {@link PRIVATE_FILE_MODE}
 */
export async function writeFileAtomically(
  file: string,
  content: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = `${file}.new`
  // Made anew and not opened: what somebody else put there may be a link, or readable for him.
  await rm(temporary, { force: true })
  try {
    await writeSynced(temporary, content, options.mode ?? PRIVATE_FILE_MODE)
    await rename(temporary, file)
  } catch (error) {
    // It may hold a key, and nobody would look for it there.
    await rm(temporary, { force: true })
    throw error
  }
  await using directory = await open(dirname(file), 'r')
  await namingPath(dirname(file), () => directory.sync())
}

async function writeSynced(
  file: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  await using handle = await open(file, 'wx', mode)
  await namingPath(file, async () => {
    await handle.writeFile(content)
    await handle.sync()
  })
}
