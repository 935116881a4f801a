import { sha256 } from '@jarswarm/manifest'
import { NotHeldError, SourceUnavailableError } from '@jarswarm/ports'
import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TransferFailedError } from '../src/transfer/errors.ts'
import type { Part, PartFetchOptions, PartSource } from '../src/transfer/part.ts'
import { Transfer } from '../src/transfer/transfer.ts'

const YEAR_MS = 365 * 86_400_000
const BODIES = Array.from({ length: 8 }, (_, i) => Uint8Array.of(i, i, i, i))
const PARTS: readonly Part[] = BODIES.map((bytes, i) => ({
  digest: sha256(bytes),
  offset: i * 4,
  length: 4,
}))

type Answer = (part: Part, options: PartFetchOptions) => Promise<Uint8Array>

const honest: Answer = (part) => Promise.resolve(BODIES[part.offset / 4] ?? new Uint8Array())
const lying: Answer = () => Promise.resolve(Uint8Array.of(9, 9, 9, 9))
const failing: Answer = () => Promise.reject(new SourceUnavailableError('down'))
const lacking: Answer = () => Promise.reject(new NotHeldError('no'))
const silent: Answer = (_part, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })

class TestSource implements PartSource {
  readonly kind = 'peer'
  readonly maxRun: number
  readonly allOrNothing = false
  readonly lanes: number
  readonly name: string
  readonly asked: number[][] = []
  credited = 0
  blamed = 0
  aborted = 0
  readonly #answer: Answer

  constructor(name: string, answer: Answer, init: { lanes?: number; maxRun?: number } = {}) {
    this.name = name
    this.#answer = answer
    this.lanes = init.lanes ?? 1
    this.maxRun = init.maxRun ?? 1
  }

  patienceMs(): number {
    return 100
  }

  async *fetch(run: readonly Part[], options: PartFetchOptions): AsyncGenerator<Uint8Array> {
    this.asked.push(run.map(({ offset }) => offset / 4))
    options.signal.addEventListener('abort', () => (this.aborted += 1))
    for (const part of run) yield await this.#answer(part, options)
  }

  credit(): void {
    this.credited += 1
  }

  blame(): void {
    this.blamed += 1
  }
}

interface Run {
  readonly clock: ManualClock
  readonly transfer: Transfer
  readonly got: { offset: number; from: string }[]
}

function run(sources: readonly PartSource[], later: readonly PartSource[] = []): Run {
  const clock = new ManualClock()
  const waiting = [...later]
  const got: { offset: number; from: string }[] = []
  const transfer = new Transfer(
    { clock },
    {
      sources,
      nextSources: () => Promise.resolve(waiting.splice(0, 1)),
      deliver: ({ offset }, _bytes, { name }) => {
        got.push({ offset: offset / 4, from: name })
      },
    },
  )
  return { clock, transfer, got }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

describe('Transfer', () => {
  it('gets adjacent parts in runs, in order', async () => {
    const source = new TestSource('a', honest, { maxRun: 3 })
    const { transfer, got, clock } = run([source])
    transfer.add(PARTS)
    transfer.seal()
    await transfer.done
    assert.deepEqual(source.asked, [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ])
    assert.deepEqual(
      got.map(({ offset }) => offset),
      [0, 1, 2, 3, 4, 5, 6, 7],
    )
    assert.equal(clock.pendingTimers, 0)
  })

  it('shares the work among sources', async () => {
    const [a, b] = [new TestSource('a', honest), new TestSource('b', honest)]
    const { transfer, got } = run([a, b])
    transfer.add(PARTS)
    transfer.seal()
    await transfer.done
    assert.equal(got.length, 8)
    assert.ok(a.asked.length > 0 && b.asked.length > 0)
    assert.equal(a.asked.length + b.asked.length, 8)
  })

  it('asks nobody else while a source makes headway', async () => {
    const late = new TestSource('late', honest)
    const { transfer } = run([new TestSource('a', honest)], [late])
    transfer.add(PARTS)
    transfer.seal()
    await transfer.done
    assert.deepEqual(late.asked, [])
  })

  it('asks the next source when one is silent, and aborts the loser', async () => {
    const [slow, late] = [new TestSource('slow', silent), new TestSource('late', honest)]
    const { transfer, got, clock } = run([slow], [late])
    transfer.add(PARTS.slice(0, 1))
    transfer.seal()
    await settle()
    clock.advance(99)
    await settle()
    assert.deepEqual(late.asked, [])
    clock.advance(1)
    await transfer.done
    assert.deepEqual(got, [{ offset: 0, from: 'late' }])
    assert.equal(slow.aborted, 1)
    assert.equal(clock.pendingTimers, 0)
  })

  it('goes on to the next source when the one asked instead of a silent one fails', async () => {
    const slow = new TestSource('slow', silent)
    const late = [new TestSource('down', failing), new TestSource('late', honest)]
    const { transfer, got, clock } = run([slow], late)
    transfer.add(PARTS.slice(0, 1))
    transfer.seal()
    await settle()
    clock.advance(100)
    await transfer.done
    assert.deepEqual(got, [{ offset: 0, from: 'late' }])
  })

  it('gives a dead source up', async () => {
    const dead = new TestSource('dead', silent)
    const { transfer, clock } = run([dead])
    transfer.add(PARTS.slice(0, 1))
    transfer.seal()
    await settle()
    clock.advance(10_000)
    await assert.rejects(transfer.done, /dead silent for 10 s/)
  })

  it('blames and drops a liar', async () => {
    const [liar, good] = [new TestSource('liar', lying), new TestSource('good', honest)]
    const { transfer, got } = run([liar], [good])
    transfer.add(PARTS)
    transfer.seal()
    await transfer.done
    assert.equal(liar.blamed, 1)
    assert.deepEqual([liar.credited, good.credited], [0, PARTS.length])
    assert.equal(liar.asked.length, 1)
    assert.ok(got.every(({ from }) => from === 'good'))
  })

  it('goes on with a source that failed after it gave something', async () => {
    let calls = 0
    const flaky = new TestSource('flaky', (part, options) => {
      calls += 1
      return calls % 3 === 0 ? failing(part, options) : honest(part, options)
    })
    const { transfer, got } = run([flaky])
    transfer.add(PARTS)
    transfer.seal()
    await transfer.done
    assert.equal(got.length, 8)
  })

  it('asks a source for other parts when it lacks one', async () => {
    const partial = new TestSource('partial', (part, options) =>
      part.offset === 0 ? lacking(part, options) : honest(part, options),
    )
    const { transfer, got } = run([partial], [new TestSource('other', honest)])
    transfer.add(PARTS)
    transfer.seal()
    await transfer.done
    assert.equal(got.find(({ offset }) => offset === 0)?.from, 'other')
    assert.ok(got.some(({ from }) => from === 'partial'))
  })

  it('fails when nobody is left, and says why', async () => {
    const { transfer } = run([new TestSource('a', failing), new TestSource('b', lacking)])
    transfer.add(PARTS.slice(0, 1))
    transfer.seal()
    await assert.rejects(transfer.done, (error: Error) => {
      assert.ok(error instanceof TransferFailedError)
      assert.equal(error.message, 'a down; b does not have it')
      return true
    })
  })

  it('takes parts while it runs', async () => {
    const { transfer, got } = run([new TestSource('a', honest)])
    transfer.add(PARTS.slice(0, 2))
    await settle()
    transfer.add(PARTS.slice(2))
    transfer.seal()
    await transfer.done
    assert.equal(got.length, 8)
  })

  it('ends with the reason of an abort', async () => {
    const { transfer, clock } = run([new TestSource('a', silent)])
    transfer.add(PARTS)
    const reason = new Error('stop')
    transfer.abort(reason)
    await assert.rejects(transfer.done, reason)
    assert.equal(clock.pendingTimers, 0)
  })

  it('asks twice as many each time while all are silent', async () => {
    const crowd = Array.from({ length: 7 }, () => new TestSource('silent', silent))
    const { clock, transfer, got } = run(crowd.slice(0, 4), [
      ...crowd.slice(4),
      new TestSource('honest', honest),
    ])
    const asked = (): number => crowd.filter(({ asked }) => asked.length > 0).length
    transfer.add(PARTS.slice(0, 1))
    transfer.seal()
    const counts: number[] = []
    for (let late = 0; late < 3; late += 1) {
      counts.push(asked())
      clock.advance(100)
      await settle()
    }
    assert.deepEqual(counts, [1, 2, 4])
    await transfer.done
    assert.deepEqual(got, [{ offset: 0, from: 'honest' }])
  })

  it('deals parts to all sources in turn, and no more to who is late', async () => {
    const lanes = 4
    const mute = new TestSource('mute', silent, { lanes })
    const sources = [mute, ...['a', 'b'].map((name) => new TestSource(name, silent, { lanes }))]
    const { clock, transfer, got } = run(sources, [new TestSource('honest', honest)])
    transfer.add(PARTS.slice(0, 4))
    transfer.seal()
    assert.deepEqual(
      sources.map(({ asked }) => asked),
      [[[0], [3]], [[1]], [[2]]],
    )
    clock.advance(100)
    await transfer.done
    assert.deepEqual(mute.asked, [[0], [3]])
    assert.deepEqual(new Set(got.map(({ from }) => from)), new Set(['honest']))
  })

  it('is not misled when the clock of the machine is set', async () => {
    for (const leapMs of [-YEAR_MS, YEAR_MS]) {
      const slow = new TestSource('slow', silent)
      const quick = new TestSource('quick', honest)
      const { clock, transfer, got } = run([slow], [quick])
      transfer.add(PARTS.slice(0, 1))
      transfer.seal()
      clock.jumpTo(clock.now() + leapMs)
      clock.advance(slow.patienceMs() - 1)
      await settle()
      assert.deepEqual([quick.asked, slow.aborted], [[], 0])
      clock.advance(1)
      await transfer.done
      assert.deepEqual(got, [{ offset: 0, from: 'quick' }])
    }
  })
})
