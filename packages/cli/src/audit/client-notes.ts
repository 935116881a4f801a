import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Maven's list of the repositories that the files of a directory came from. */
const NOTES_FILE = '_remote.repositories'
/** A directory has some files; a longer list is none. */
const MAX_NOTES_CHARS = 65_536

/**
 * Where a client says that it had a file of its cache from: ids of repositories in its settings. A client writes it
 * down, anybody can change it.
 *
 * @returns undefined when it says nothing; the empty string means that the file was installed by hand
 */
export async function readClientNotes(file: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(join(dirname(file), NOTES_FILE), 'utf8')
  } catch {
    // Most often there is none: not every client writes it.
    return undefined
  }
  const start = `${basename(file)}>`
  const ids = text
    .slice(0, MAX_NOTES_CHARS)
    .split(/\r?\n/)
    .filter((line) => line.startsWith(start) && line.endsWith('='))
    .map((line) => line.slice(start.length, -1))
  return ids.length === 0 ? undefined : ids.join(', ')
}
