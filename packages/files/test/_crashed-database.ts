import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { damagedFiles, flushJournal } from '@jarswarm/files'
import { Level } from 'level'

/** Bytes of the values of a database: each is put by itself, or what was put before is flushed to a table. */
export type CrashedHistory = readonly (number | 'flush')[]

/** A database as a crash left it: closed by nobody. */
export class CrashedDatabase {
  readonly location: string

  private constructor(location: string) {
    this.location = location
  }

  static async create(
    test: Pick<TestContext, 'after'>,
    history: CrashedHistory,
  ): Promise<CrashedDatabase> {
    const work = await mkdtemp(join(tmpdir(), 'jarswarm-crashed-'))
    test.after(() => rm(work, { recursive: true }))
    const level = new Level(join(work, 'open'))
    await level.open()
    for (const [at, bytes] of history.entries()) {
      if (bytes === 'flush') await flushJournal(level)
      else await level.put(String(at), 'v'.repeat(bytes))
    }
    const location = join(work, 'crashed')
    await cp(join(work, 'open'), location, { recursive: true })
    await level.close()
    return new CrashedDatabase(location)
  }

  /** The file with such a name. */
  async nameOf(pattern: RegExp): Promise<string> {
    return (await readdir(this.location)).find((file) => pattern.test(file)) ?? ''
  }

  async read(name: string): Promise<Buffer> {
    return readFile(join(this.location, name))
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(join(this.location, name), bytes)
  }

  async damaged(): Promise<string[]> {
    const names: string[] = []
    for await (const name of damagedFiles(this.location)) names.push(name)
    return names
  }
}
