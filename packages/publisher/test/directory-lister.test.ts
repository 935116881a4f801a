import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker } from 'node:worker_threads'
import { DirectoryLister } from '../src/directory-lister.ts'
import { formatListing, parseListing, UNTAKEN } from '../src/listing.ts'
import { ListingThread } from '../src/listing-thread.ts'
import type { ListingThreadInit } from '../src/listing-thread.ts'
import type { TreeStep } from '../src/tree-file.ts'
import { treeSteps } from '../src/walk-tree.ts'

const LEAVING = fileURLToPath(new URL('_walk-and-leave.ts', import.meta.url))
const WORKER = new URL('../src/listing-worker.ts', import.meta.url)
/** Ends a process, and a wait, that hangs. */
const HANG_MS = 30_000

function makeTree(t: TestContext, files: readonly string[]): string {
  const tree = mkdtempSync(join(tmpdir(), 'jarswarm-lister-'))
  t.after(() => {
    rmSync(tree, { recursive: true, force: true })
  })
  for (const file of files) {
    mkdirSync(join(tree, dirname(file)), { recursive: true })
    writeFileSync(join(tree, file), file)
  }
  return tree
}

/** Names whose order is another one as segments than as whole paths, and more than is listed ahead. */
function makeWideTree(t: TestContext): string {
  const versions = Array.from({ length: 3_000 }, (_, at) => `a/b/1.${String(at)}/b.jar`)
  return makeTree(t, [...versions, 'a-b/c/c.jar', 'a.b/c/c.jar', 'a/.hidden/x.jar', 'a!/b.jar'])
}

/** A thread that came up, and what became of its `take`s. */
async function startThread(
  t: TestContext,
  { isWaitedFor = false, ...init }: ListingThreadInit & { readonly isWaitedFor?: boolean } = {},
): Promise<{ readonly thread: ListingThread; readonly worker: Worker; readonly taken: boolean[] }> {
  const started = once(process, 'worker') as Promise<[Worker]>
  const thread = new ListingThread(init)
  t.after(() => {
    thread[Symbol.dispose]()
  })
  const [worker] = await started
  while (!thread.isReady) await setImmediate()
  const taken: boolean[] = []
  const take = thread.take.bind(thread)
  t.mock.method(thread, 'take', (path: string) => {
    let listing = take(path)
    const untilMs = performance.now() + HANG_MS
    while (isWaitedFor && listing === undefined && performance.now() < untilMs) listing = take(path)
    taken.push(listing !== undefined)
    return listing
  })
  return { thread, worker, taken }
}

const helpedBy = (thread: ListingThread, alone = 0): DirectoryLister =>
  new DirectoryLister({ alone, startThread: () => thread })

const alone = (): DirectoryLister => new DirectoryLister({ alone: Infinity })

const stepsOf = (tree: string, lister: DirectoryLister, signal?: AbortSignal): TreeStep[] => [
  ...treeSteps(tree, signal, lister),
]

describe('DirectoryLister', () => {
  it('gives a walk by its thread, in its order and within its bounds, what the walk finds alone', async (t) => {
    const tree = makeWideTree(t)
    const { thread, taken } = await startThread(t, { isWaitedFor: true, freshMs: Infinity })
    const steps = stepsOf(tree, helpedBy(thread))
    assert.deepEqual(steps, stepsOf(tree, alone()))
    assert.equal(steps.length, 3_004)
    assert.deepEqual([taken.length, taken.includes(false)], [3_008, false])
  })

  it('leaves links, what they lead to and what is no file to the walk', async (t) => {
    const tree = makeTree(t, ['a/b/b.jar', 'c/d/e.jar'])
    symlinkSync('../a', join(tree, 'c/linked'))
    symlinkSync('/', join(tree, 'c/outside'))
    symlinkSync('..', join(tree, 'c/loop'))
    execFileSync('mkfifo', [join(tree, 'a/pipe.jar')])
    const { thread, taken } = await startThread(t, { isWaitedFor: true, freshMs: Infinity })
    const steps = stepsOf(tree, helpedBy(thread))
    assert.deepEqual(steps, stepsOf(tree, alone()))
    assert.deepEqual(
      steps.map(({ kind, path }) => `${kind} ${path}`),
      [
        'file a/b/b.jar',
        'problem a/pipe.jar',
        'file c/d/e.jar',
        'file c/linked/b/b.jar',
        'problem c/linked/pipe.jar',
        'problem c/loop',
        'problem c/outside',
      ],
    )
    assert.deepEqual(taken, [true, true, true, true, true])
  })

  it('hands over in the midst of a walk, and leaves to it what links lead to', async (t) => {
    const tree = makeTree(t, ['a/b.jar', 'c/d.jar', 'e/f/g.jar'])
    symlinkSync('../a', join(tree, 'c/linked'))
    const { thread, taken } = await startThread(t, { isWaitedFor: true, freshMs: Infinity })
    assert.deepEqual(stepsOf(tree, helpedBy(thread, 3)), stepsOf(tree, alone()))
    assert.deepEqual(taken, [true, true])
  })

  it('neither waits for its thread nor misses what that has not listed', async (t) => {
    const tree = makeWideTree(t)
    const { thread } = await startThread(t)
    assert.deepEqual(stepsOf(tree, helpedBy(thread)), stepsOf(tree, alone()))
  })

  it('tells a thread that has not come up nothing, and starts none for few directories', (t) => {
    const tree = makeTree(t, ['a/b.jar', 'c/d.jar', 'e/f.jar'])
    const begin = t.mock.fn()
    const end = t.mock.fn()
    let looks = 0
    const thread = {
      get isReady() {
        looks += 1
        return looks > 1
      },
      begin,
      take: () => undefined,
      [Symbol.dispose]: end,
    } as unknown as ListingThread
    const startThread = t.mock.fn(() => thread)
    assert.equal(stepsOf(tree, new DirectoryLister({ alone: 4, startThread })).length, 3)
    assert.equal(startThread.mock.callCount(), 0)
    assert.equal(stepsOf(tree, new DirectoryLister({ alone: 1, startThread })).length, 3)
    assert.deepEqual([startThread.mock.callCount(), end.mock.callCount()], [1, 1])
    const told = begin.mock.calls.map(({ arguments: [paths] }) => paths as readonly string[])
    assert.deepEqual(told, [[join(tree, 'e'), join(tree, 'c')]])
  })

  it('lists alone when no thread is to be had', (t) => {
    const tree = makeTree(t, ['a/b.jar', 'c/d.jar'])
    const startThread = t.mock.fn((): never => {
      throw new Error('Worker initialization failure: EAGAIN')
    })
    const steps = stepsOf(tree, new DirectoryLister({ alone: 0, startThread }))
    assert.deepEqual(steps, stepsOf(tree, alone()))
    assert.equal(startThread.mock.callCount(), 1)
  })

  it('lists alone when its thread is lost', async (t) => {
    const tree = makeWideTree(t)
    const { thread, worker, taken } = await startThread(t)
    const steps = treeSteps(tree, undefined, helpedBy(thread))
    const seen = [steps.next().value]
    await worker.terminate()
    seen.push(...steps)
    assert.deepEqual(seen, stepsOf(tree, alone()))
    // What was sent before is less than the tree has.
    assert.equal(taken.at(-1), false)
  })

  it('lists alone after an error of its thread', async (t) => {
    const tree = makeTree(t, ['a/b.jar'])
    const { thread, worker, taken } = await startThread(t)
    worker.emit('error', new Error('out of memory'))
    assert.equal(stepsOf(tree, helpedBy(thread)).length, 1)
    assert.deepEqual(taken, [false, false])
  })

  it('ends its thread with the walk, after an abort, and when nobody goes on', async (t) => {
    const tree = makeWideTree(t)
    const stop = new AbortController()
    const ways: ((steps: Generator<TreeStep>) => void)[] = [
      (steps) => steps.return(undefined),
      (steps) => {
        stop.abort(new Error('enough'))
        assert.throws(() => [...steps], { message: 'enough' })
      },
    ]
    for (const end of ways) {
      const { thread, worker } = await startThread(t)
      const steps = treeSteps(tree, stop.signal, helpedBy(thread))
      steps.next()
      const ended = once(worker, 'exit')
      end(steps)
      worker.ref()
      await ended
    }
  })

  it('keeps no process alive', (t) => {
    const args = ['--conditions=source', LEAVING, makeWideTree(t)]
    const { status, signal } = spawnSync(process.execPath, args, { timeout: HANG_MS })
    assert.deepEqual([status, signal], [0, null])
  })
})

describe('the worker of a ListingThread', () => {
  it('lists no further than there is room, and ends when it is done', async (t) => {
    const control = new Int32Array(new SharedArrayBuffer(8))
    const { port1, port2: port } = new MessageChannel()
    const worker = new Worker(WORKER, { workerData: { port, control }, transferList: [port] })
    const exits = t.mock.fn()
    worker.once('exit', exits)
    const ended = once(worker, 'exit')
    // 3 008 directories and as many entries as them and their files.
    port1.postMessage([makeWideTree(t)])
    // What is woken by this waits for room, and looks again.
    while (Atomics.notify(control, UNTAKEN) === 0 && exits.mock.callCount() === 0) {
      await setImmediate()
    }
    assert.equal(exits.mock.callCount(), 0)
    assert.ok(Atomics.load(control, UNTAKEN) < 8_000)
    Atomics.store(control, UNTAKEN, -10_000)
    Atomics.notify(control, UNTAKEN)
    await ended
  })
})

describe('ListingThread', () => {
  /** What it gives of directories after it has listed all. */
  async function taken(
    t: TestContext,
    paths: readonly string[],
    init?: ListingThreadInit,
  ): Promise<readonly boolean[]> {
    const { thread, worker } = await startThread(t, init)
    const ended = once(worker, 'exit')
    worker.ref()
    thread.begin(paths.toReversed())
    await ended
    return paths.map((path) => thread.take(path) !== undefined)
  }

  it('gives nothing that was listed too long ago', async (t) => {
    const paths = [makeTree(t, ['a/b.jar'])]
    assert.deepEqual(await taken(t, paths, { freshMs: Infinity }), [true])
    assert.deepEqual(await taken(t, paths, { freshMs: -1 }), [false])
  })

  it('gives nothing that it could not list, and no directory of very many names', async (t) => {
    const jars = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `many/${String(at)}.jar`)
    const tree = makeTree(t, ['a/b.jar', ...jars(4_000), 'z/b.jar'])
    const paths = ['a', 'a/b.jar', 'many', 'x', 'z'].map((name) => join(tree, name))
    const init = { freshMs: Infinity }
    assert.deepEqual(await taken(t, paths, init), [true, false, true, false, true])
    for (const jar of jars(4_100)) writeFileSync(join(tree, jar), '')
    assert.deepEqual(await taken(t, paths, init), [true, false, false, false, true])
  })
})

describe('parseListing', () => {
  it('reads names and kinds as they were written, and nothing else', () => {
    const kinds = ['file', 'directory', 'link', 'other'] as const
    const entries = kinds.map((kind) => ({ name: `${kind}-d`, kind }))
    assert.deepEqual(parseListing(formatListing('/a', entries)), entries)
    assert.deepEqual(parseListing(formatListing('/a', [])), [])
    assert.throws(() => parseListing({ path: '/a', found: 'xa' }), TypeError)
  })
})
