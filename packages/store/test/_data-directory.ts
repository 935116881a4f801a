/** Data directories for tests: in the temporary directory, with a clock in the test's hand, removed afterwards. */
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDataDirectory } from '@jarswarm/store'
import type { DataDirectory, DataDirectoryComponents, DataDirectoryInit } from '@jarswarm/store'

const HOUR_MS = 3_600_000

export async function makeRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'jarswarm-store-'))
}

export interface TestDirectory {
  readonly directory: DataDirectory
  readonly root: string
  passHour(): void
  close(): Promise<void>
}

/** An open data directory that disappears when it is closed. */
export async function openTestDirectory(
  init: DataDirectoryInit = {},
  components: DataDirectoryComponents = {},
): Promise<TestDirectory> {
  const root = await makeRoot()
  let nowMs = Date.UTC(2026, 0, 1)
  const clock = { now: () => nowMs }
  const directory = await openDataDirectory(
    root,
    { freeFloorBytes: 0, ...init },
    { clock, ...components },
  )
  return {
    directory,
    root,
    passHour: () => {
      nowMs += HOUR_MS
    },
    close: async () => {
      await directory.close()
      await rm(root, { recursive: true })
    },
  }
}

export function blobPath(root: string, digest: string): string {
  return join(root, 'blobs', digest.slice(0, 2), digest)
}

/** Flip the lowest bit of the first byte. */
export async function flipBit(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    await file.read(byte, 0, 1, 0)
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, 0)
  } finally {
    await file.close()
  }
}

/** Zero the first block of each table of a database. LevelDB ends the process that reads it. @returns how many tables there are */
export async function zeroTables(location: string): Promise<number> {
  const tables = (await readdir(location)).filter((name) => name.endsWith('.ldb'))
  for (const table of tables) {
    const file = await open(join(location, table), 'r+')
    await file.write(new Uint8Array(64), 0, 64, 0)
    await file.close()
  }
  return tables.length
}
