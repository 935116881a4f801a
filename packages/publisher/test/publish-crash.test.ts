import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { DiskStep } from '../src/durable-files.ts'
import { openPlaces } from '../src/open-places.ts'
import { publishWith } from '../src/publish-tree.ts'
import { recordOf } from '../src/published-state.ts'
import { recordPaths } from '../src/record-files.ts'
import { readScanRecord } from '../src/scan-record.ts'
import { readPublished } from './_reader.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

class PowerCut extends Error {}

const HOUR_MS = 3_600_000

async function publish(
  { stateDir, treeDir }: TestRepository,
  cutAt = Infinity,
): Promise<{ steps: number; cut: boolean }> {
  let steps = 0
  const before = (): void => {
    steps += 1
    if (steps === cutAt) throw new PowerCut()
  }
  try {
    await publishWith({ stateDir, treeDir, nowMs: START_MS, concurrency: 1 }, { before })
    return { steps, cut: false }
  } catch (error) {
    if (error instanceof PowerCut) return { steps, cut: true }
    throw error
  }
}

/** The repository as it was when it was saved. */
async function restore(repository: TestRepository, name: 'first' | 'second'): Promise<void> {
  for (const part of ['state', 'tree']) {
    await rm(join(repository.root, part), { recursive: true, force: true })
    await cp(join(repository.root, `${part}.${name}`), join(repository.root, part), {
      recursive: true,
      preserveTimestamps: true,
    })
  }
}

async function save(repository: TestRepository, name: 'first' | 'second'): Promise<void> {
  for (const part of ['state', 'tree']) {
    await cp(join(repository.root, part), join(repository.root, `${part}.${name}`), {
      recursive: true,
      preserveTimestamps: true,
    })
  }
}

/** What is recorded of each file. */
async function readRecorded(repository: TestRepository): Promise<Map<string, string | undefined>> {
  await using places = await openPlaces(repository)
  const files = readScanRecord(recordPaths(recordOf(places.newest)))
  const recorded = new Map<string, string | undefined>()
  for await (const { entry, stamp } of files) recorded.set(entry.path, stamp)
  return recorded
}

async function prepare(t: TestContext): Promise<TestRepository> {
  const repository = await createRepository(t)
  await repository.write('a/b/1.0/b-1.0.pom', '<project/>')
  await repository.write('a/b/1.0/b-1.0.jar', Buffer.alloc(300_000, 7))
  await repository.write('a/b/maven-metadata.xml', 'one')
  return repository
}

describe('publishTree, cut off at any change of the disk', () => {
  it('shows readers nothing or the first state, and completes it on the next run', async (t) => {
    const repository = await prepare(t)
    await save(repository, 'first')
    for (let cutAt = 1; ; cutAt += 1) {
      await restore(repository, 'first')
      const { cut } = await publish(repository, cutAt)
      if (!cut) break
      const seen = await readPublished(repository.treeDir)
      assert.ok(seen === undefined || seen.seq === 1, `cut at ${String(cutAt)}`)
      await publish(repository)
      const after = await readPublished(repository.treeDir)
      assert.equal(after?.seq, 1)
      assert.equal(after.files.size, 3)
    }
  })

  it('never gives one number to two heads when the tree changes between the runs', async (t) => {
    const repository = await prepare(t)
    await publish(repository)
    await repository.write('a/b/1.1/b-1.1.pom', '<project>1.1</project>')
    await repository.write('a/b/maven-metadata.xml', 'two')
    await save(repository, 'second')
    let completed = 0
    for (let cutAt = 1; ; cutAt += 1) {
      await restore(repository, 'second')
      if (!(await publish(repository, cutAt)).cut) break
      const seen = await readPublished(repository.treeDir)
      assert.ok(seen?.seq === 1 || seen?.seq === 2, `cut at ${String(cutAt)}`)
      await repository.write('a/b/1.2/b-1.2.pom', '<project>1.2</project>')
      await publish(repository)
      const after = await readPublished(repository.treeDir)
      assert.equal(after?.files.size, 5)
      // Decided before the cut: then the late file belongs to the state after it.
      const late = after.history.find((line) => line.includes('b-1.2.pom'))
      assert.ok(late?.startsWith(`1 ${String(after.seq)} put`))
      if (after.seq === 3) completed += 1
      if (seen.seq === 2) assert.equal(after.seq, 3)
      assert.deepEqual(after.history.slice(0, seen.history.length), seen.history)
    }
    assert.ok(completed > 0)
  })

  it('keeps all of a scan record whose files are shared from state to state', async (t) => {
    const repository = await createRepository(t)
    // So long that the lowest file of the record stays as it is.
    const directory = `${'g'.repeat(240)}/${'a'.repeat(240)}`
    const paths = Array.from({ length: 24 }, (_, number) => `${directory}/${String(number)}`)
    for (const path of paths) await repository.write(path, path)
    await publish(repository)
    await repository.write(paths[0] ?? '', paths[0] ?? '')
    await save(repository, 'first')
    await repository.write('a/b/1.1/b-1.1.pom', '<project>1.1</project>')
    await save(repository, 'second')
    // Of a whole publish every third: what is done to the disk is what the test before stops at, too.
    for (const [name, step] of [
      ['first', 1],
      ['second', 3],
    ] as const) {
      for (let cutAt = 1; ; cutAt += step) {
        await restore(repository, name)
        const { cut } = await publish(repository, cutAt)
        if (!cut) break
        await publish(repository)
        const recorded = await readRecorded(repository)
        const wanted = name === 'first' ? paths : [...paths, 'a/b/1.1/b-1.1.pom']
        assert.deepEqual([...recorded.keys()].sort(), [...wanted].sort())
        assert.ok(![...recorded.values()].includes(undefined), `cut at ${String(cutAt)}`)
      }
    }
  })

  it('makes the names of new releases durable before it decides the state that names them', async (t) => {
    const repository = await prepare(t)
    const { stateDir, treeDir } = repository
    const steps: string[] = []
    const before = ({ kind, path }: DiskStep): void => {
      steps.push(`${kind} ${relative(repository.root, path)}`)
    }
    await publishWith({ stateDir, treeDir, nowMs: START_MS }, { before })
    const decided = steps.indexOf('rename state/states/1')
    for (const directory of ['tree/a/b/1.0', 'tree/a/b', 'tree/a', 'tree']) {
      const synced = steps.indexOf(`sync-directory ${directory}`)
      assert.ok(synced !== -1 && synced < decided, directory)
    }
  })

  it('never uses a timestamp version twice', async (t) => {
    const repository = await prepare(t)
    const { stateDir, treeDir } = repository
    await publish(repository)
    await save(repository, 'first')
    for (let cutAt = 1; ; cutAt += 1) {
      await restore(repository, 'first')
      let steps = 0
      const before = (): void => {
        steps += 1
        if (steps === cutAt) throw new PowerCut()
      }
      const later = { stateDir, treeDir, nowMs: START_MS + HOUR_MS }
      const outcome: unknown = await publishWith(later, { before }).catch((error: unknown) => error)
      if (!(outcome instanceof PowerCut)) break
      const seen = await readPublished(treeDir)
      await publishWith({ ...later, nowMs: later.nowMs + HOUR_MS }, {})
      const after = await readPublished(treeDir)
      assert.ok(seen && after && after.timestampVersion > seen.timestampVersion)
      assert.equal(after.seq, 1)
    }
  })
})
