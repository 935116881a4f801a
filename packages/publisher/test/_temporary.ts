import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { initRepository } from '../src/index.ts'
import type { InitRepositoryOptions } from '../src/index.ts'

/** When the tests' first publish happens. */
export const START_MS: number = Date.parse('2026-11-22T20:00:00Z')

export interface TestRepository {
  readonly root: string
  readonly stateDir: string
  readonly treeDir: string
  /** Write a file of the tree. */
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>
  readonly remove: (path: string) => Promise<void>
}

let clock = 1_700_000_000

/** A repository with a state directory and an empty tree, removed after the test. */
export async function createRepository(
  t: TestContext,
  options: Pick<InitRepositoryOptions, 'origin'> = {},
): Promise<TestRepository> {
  const root = await mkdtemp(join(tmpdir(), 'jarswarm-publisher-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const stateDir = join(root, 'state')
  const treeDir = join(root, 'tree')
  await mkdir(treeDir)
  await initRepository({ stateDir, name: 'test', nowMs: START_MS, ...options })
  return {
    root,
    stateDir,
    treeDir,
    async write(path, content) {
      const file = join(treeDir, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      // Each write has a time of its own, as it has on a disk with a fine clock.
      clock += 1
      await utimes(file, clock, clock)
    },
    remove: (path) => rm(join(treeDir, path), { recursive: true, force: true }),
  }
}
