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
import { formatFailure, parseListing, UNTAKEN } from '../src/listing.ts'
import { ListingThread } from '../src/listing-thread.ts'
import type { TreeStep } from '../src/tree-file.ts'
import { treeSteps } from '../src/walk-tree.ts'

const LEAVING = fileURLToPath(new URL('_walk-and-leave.ts', import.meta.url))
const WORKER = new URL('../src/listing-worker.ts', import.meta.url)
/** Ends a process that hangs. */
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
  init?: { readonly patienceMs: number },
): Promise<{ readonly thread: ListingThread; readonly worker: Worker; readonly taken: boolean[] }> {
  const started = once(process, 'worker') as Promise<[Worker]>
  const thread = new ListingThread(init)
  t.after(() => {
    thread[Symbol.dispose]()
  })
  const [worker] = await started
  worker.ref()
  await thread.whenReady()
  worker.unref()
  const taken: boolean[] = []
  const take = thread.take.bind(thread)
  t.mock.method(thread, 'take', (path: string) => {
    const listing = take(path)
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
    const { thread, taken } = await startThread(t)
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
    const { thread, taken } = await startThread(t)
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

  it('hands over in the midst of a walk', async (t) => {
    const tree = makeTree(t, ['a/b.jar', 'c/d.jar', 'e/f/g.jar'])
    const { thread, taken } = await startThread(t)
    assert.deepEqual(stepsOf(tree, helpedBy(thread, 2)), stepsOf(tree, alone()))
    assert.deepEqual(taken, [true, true, true])
  })

  it('waits for no thread that has not come up, and starts none for few directories', (t) => {
    const tree = makeTree(t, ['a/b.jar', 'c/d.jar'])
    const startThread = t.mock.fn(() => new ListingThread())
    // The walk is over before the thread can say a word to it.
    assert.equal(stepsOf(tree, new DirectoryLister({ alone: 3, startThread })).length, 2)
    assert.equal(startThread.mock.callCount(), 0)
    assert.equal(stepsOf(tree, new DirectoryLister({ alone: 1, startThread })).length, 2)
    assert.equal(startThread.mock.callCount(), 1)
  })

  it('says why its thread could not list a directory, and passes over one that went meanwhile', async (t) => {
    const tree = makeTree(t, ['a/b/c.jar', 'd/e.jar'])
    const { thread } = await startThread(t)
    const lister = helpedBy(thread)
    using listing = lister
    const [root, gone, file] = [tree, join(tree, 'x'), join(tree, 'd/e.jar')]
    assert.equal(listing.list(root, () => [file, gone, root]).length, 2)
    const coming = (): never => assert.fail('told before')
    for (const path of ['a', 'a/b', 'd']) listing.list(join(tree, path), coming)
    assert.throws(() => listing.list(gone, coming), { code: 'ENOENT', path: gone })
    assert.throws(() => listing.list(file, coming), { code: 'ENOTDIR', path: file })
  })

  it('lists alone when its thread is lost', async (t) => {
    const tree = makeWideTree(t)
    const { thread, worker, taken } = await startThread(t, { patienceMs: 1 })
    const steps = treeSteps(tree, undefined, helpedBy(thread))
    const seen = [steps.next().value]
    await worker.terminate()
    seen.push(...steps)
    assert.deepEqual(seen, stepsOf(tree, alone()))
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

describe('parseListing', () => {
  it('throws what the system said', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
    const failure = structuredClone(formatFailure('/a', error))
    assert.throws(() => parseListing(failure), {
      message: error.message,
      code: 'EACCES',
      path: '/a',
    })
  })
})
