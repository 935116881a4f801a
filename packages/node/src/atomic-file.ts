import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Owner only: the files of a data directory may hold keys. */
const FILE_MODE = 0o600

/** Replace a file as a whole: whoever reads, also after a power cut, finds the old or the new content. */
export async function writeFileAtomically(
  file: string,
  content: string | Uint8Array,
): Promise<void> {
  const temporary = `${file}.new`
  const handle = await open(temporary, 'w', FILE_MODE)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
