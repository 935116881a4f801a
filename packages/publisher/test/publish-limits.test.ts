import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { publishTree } from '../src/index.ts'
import type { PublishReport, PublishTreeOptions } from '../src/index.ts'
import { readPublished } from './_reader.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const DAY_MS = 86_400_000
const JAR = 'a/b/1.0/b-1.0.jar'
const METADATA = 'a/b/maven-metadata.xml'

function publish(
  { stateDir, treeDir }: TestRepository,
  options: Partial<PublishTreeOptions> = {},
): Promise<PublishReport> {
  return publishTree({ stateDir, treeDir, nowMs: START_MS, ...options })
}

const hexOf = (algorithm: string, content: string): string =>
  createHash(algorithm).update(content).digest('hex')

describe('publishTree beyond the usual', () => {
  it('lets files wait that their directory has no room for, and publishes the rest', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    // 4 800 lines of 219 bytes are just above 1 MiB.
    const name = (number: number): string =>
      `full/${String(number).padStart(4, '0')}-${'n'.repeat(95)}.txt`
    const directory = join(repository.treeDir, 'full')
    await mkdir(directory)
    for (let number = 0; number < 4800; number += 1) {
      await writeFile(join(repository.treeDir, name(number)), '')
    }
    await repository.write('full/below/1.0/below-1.0.jar', 'below')
    const first = await publish(repository)
    assert.equal(first.files + first.waiting.length, 4802)
    const [waiting] = first.waiting
    assert.match(waiting?.reason ?? '', /no room/)
    assert.deepEqual(
      first.waiting.map(({ path }) => path),
      Array.from({ length: first.waiting.length }, (_, index) => name(first.files - 2 + index)),
    )
    const second = await publish(repository)
    assert.deepEqual([second.seq, second.waiting], [1, first.waiting])
    const read = await readPublished(repository.treeDir)
    assert.equal(read?.files.size, first.files)
    await rm(join(repository.treeDir, name(4799)))
    const third = await publish(repository, { nowMs: START_MS + 1000 })
    assert.equal(third.waiting.length, first.waiting.length - 1)
  })

  it('recovers from a publish while the clock was years ahead', async (t) => {
    const repository = await createRepository(t)
    const aheadMs = START_MS + 3650 * DAY_MS
    await repository.write(METADATA, 'one')
    await publish(repository, { nowMs: aheadMs })
    const first = await readPublished(repository.treeDir)
    await publish(repository)
    const second = await readPublished(repository.treeDir)
    assert.equal(second?.timestampVersion, (first?.timestampVersion ?? 0) + 1)
    // What the clock retired in the future does not stay until then.
    await repository.write(METADATA, 'two')
    await publish(repository, { nowMs: aheadMs })
    await repository.write(METADATA, 'three')
    await publish(repository)
    const one = hexOf('sha256', 'one')
    const blob = join(repository.treeDir, '.jarswarm', 'blobs', one.slice(0, 2), one)
    await stat(blob)
    await repository.write(METADATA, 'four')
    await publish(repository, { nowMs: START_MS + 8 * DAY_MS })
    await assert.rejects(stat(blob), { code: 'ENOENT' })
  })

  it('clamps times that the index does not know', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await utimes(join(repository.treeDir, JAR), -1, -1)
    assert.equal((await publish(repository)).files, 1)
  })

  it('refuses to go on from a state in which a bit has turned', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await publish(repository)
    const file = join(repository.stateDir, 'states', '1', 'state.json')
    const sound = await readFile(file)
    for (let at = 0; at < sound.length - 1; at += 5) {
      const bytes = Buffer.from(sound)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at)
      await writeFile(file, bytes)
      await assert.rejects(publish(repository), { code: 'ERR_STATE_CORRUPT' }, bytes.toString())
    }
  })

  it('lets a file that changed just now wait until a checksum beside it vouches for it', async (t) => {
    const repository = await createRepository(t)
    const young: string[] = []
    const settling = { ms: DAY_MS, onYoung: (path: string) => young.push(path) }
    const look = (): Promise<PublishReport> =>
      publish(repository, { settling, nowMs: Date.now(), allowShrink: true })
    // Its time was set afterwards, as by a copy that keeps times.
    await repository.write(METADATA, 'x')
    await mkdir(join(repository.treeDir, 'a/b/1.0'), { recursive: true })
    await writeFile(join(repository.treeDir, JAR), 'half')
    assert.equal((await look()).files, 1)
    assert.deepEqual(young, [JAR])
    await writeFile(join(repository.treeDir, `${JAR}.md5`), hexOf('md5', 'half and half'))
    assert.equal((await look()).files, 1)
    await writeFile(join(repository.treeDir, JAR), 'half and half')
    assert.equal((await look()).files, 2)
    const read = await readPublished(repository.treeDir)
    assert.equal(read?.files.get(JAR), `${hexOf('sha256', 'half and half')} 13`)
    assert.deepEqual(young, [JAR])
  })

  it('goes on from a state whose scan record is one file without a list', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'one')
    await publish(repository)
    const state = join(repository.stateDir, 'states', '1')
    const carried = JSON.parse(await readFile(join(state, 'state.json'), 'utf8')) as {
      record: readonly { readonly name: string }[]
    }
    const { record, ...older } = { ...carried, format: 'jarswarm state 1' }
    await rename(join(state, record[0]?.name ?? ''), join(state, 'record'))
    await writeFile(join(state, 'state.json'), JSON.stringify(older))
    await repository.remove(JAR)
    await repository.write(METADATA, 'two')
    const { files, added } = await publish(repository, { allowShrink: true })
    assert.deepEqual([files, added], [2, 1])
  })
})
