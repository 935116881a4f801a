import { join } from 'node:path'
import { ForeignDirectoryError } from '@jarswarm/ports'
import { readSmallFile, replaceFile } from './durable-file.ts'
import { DIRECTORY_MODE } from './file-system.ts'
import type { FileSystem } from './file-system.ts'
import { codeOf } from './storage-error.ts'

/** Names the layout of the data directory. Another number means that this program must not touch it. */
export const DATA_FORMAT_VERSION = 1

export const MARKER_NAME = 'jarswarm.json'
const PURPOSE = 'jarswarm data directory'
const MARKER = JSON.stringify({ purpose: PURPOSE, version: DATA_FORMAT_VERSION })
const MAX_MARKER_BYTES = 4096

/** What a user or a file system may have put there before the first start. */
const HARMLESS_NAMES: readonly string[] = [
  'config.json',
  'setup',
  'lost+found',
  `${MARKER_NAME}.tmp`,
]

/**
 * Create the data directory, or make sure that it is one of ours.
 *
 * @throws {ForeignDirectoryError} when it holds something else or is of another version; nothing is written then
 */
export async function claimDirectory(files: FileSystem, root: string): Promise<void> {
  const names = await namesIn(files, root)
  if (!names.includes(MARKER_NAME)) {
    const foreign = names.find((name) => !HARMLESS_NAMES.includes(name))
    if (foreign !== undefined) {
      throw new ForeignDirectoryError(
        `Cannot use ${root} as data directory: found ${JSON.stringify(foreign)} and no ${MARKER_NAME}, wanted an empty directory or one made by jarswarm`,
      )
    }
    await keepPrivate(files, root)
    await replaceFile(files, join(root, MARKER_NAME), new TextEncoder().encode(`${MARKER}\n`))
    return
  }
  const bytes = await readSmallFile(files, join(root, MARKER_NAME), MAX_MARKER_BYTES)
  checkMarker(root, bytes === undefined ? '' : new TextDecoder().decode(bytes))
  await keepPrivate(files, root)
}

async function namesIn(files: FileSystem, root: string): Promise<string[]> {
  try {
    await files.makeDirectory(root)
    return await files.names(root)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOTDIR') throw error
    throw new ForeignDirectoryError(
      `Cannot use ${root} as data directory: found a file, wanted a directory`,
      { cause: error },
    )
  }
}

async function keepPrivate(files: FileSystem, root: string): Promise<void> {
  const { mode } = await files.stat(root)
  if (mode !== DIRECTORY_MODE) await files.setMode(root, DIRECTORY_MODE)
}

function checkMarker(root: string, text: string): void {
  const marker = parseMarker(text)
  if (marker.purpose !== PURPOSE) {
    throw new ForeignDirectoryError(
      `Cannot use ${root} as data directory: ${join(root, MARKER_NAME)} is damaged or not ours, wanted ${MARKER}; ` +
        'if jarswarm made this directory, write that into the file',
    )
  }
  if (marker.version !== DATA_FORMAT_VERSION) {
    throw new ForeignDirectoryError(
      `Cannot use ${root} as data directory: found format version ${JSON.stringify(marker.version)}, wanted ${String(DATA_FORMAT_VERSION)} in ${join(root, MARKER_NAME)}; use the jarswarm that made it, or another --data`,
    )
  }
}

function parseMarker(text: string): { readonly purpose?: unknown; readonly version?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
