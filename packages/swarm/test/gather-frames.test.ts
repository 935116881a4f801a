import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Uint8ArrayList } from 'uint8arraylist'
import { gatherFrames } from '../src/exchange/gather-frames.ts'
import { Outbox } from '../src/exchange/outbox.ts'
import type { Chunk } from '../src/exchange/stream-iterables.ts'

/** The next that goes out; undefined at the end. */
async function nextOf(gathered: AsyncGenerator<Chunk, void>): Promise<Uint8Array | undefined> {
  const { value } = await gathered.next()
  return value?.subarray()
}

const frame = (value: number, length = 1): Uint8Array => new Uint8Array(length).fill(value)

describe('gatherFrames', () => {
  it('passes on in one what comes in one turn, in order, and the next turn apart', async () => {
    const outbox = new Outbox<Uint8Array>()
    const gathered = gatherFrames(outbox)
    for (const value of [1, 2, 3]) outbox.put(frame(value))
    assert.deepEqual(await nextOf(gathered), Uint8Array.of(1, 2, 3))
    outbox.put(frame(4))
    assert.deepEqual(await nextOf(gathered), Uint8Array.of(4))
    outbox.end()
    assert.equal((await gathered.next()).done, true)
  })

  it('joins short buffers into one, and copies none that is long', async () => {
    const outbox = new Outbox<Chunk>()
    const long = frame(4, 5_000)
    outbox.put(new Uint8ArrayList(frame(1), frame(2)))
    outbox.put(new Uint8ArrayList(frame(3), long))
    outbox.put(new Uint8ArrayList(frame(5), frame(6)))
    outbox.end()
    const { value } = await gatherFrames(outbox).next()
    assert.ok(value instanceof Uint8ArrayList)
    const buffers = [...value]
    assert.deepEqual(
      buffers.map((buffer) => [...buffer.subarray(0, 3)]),
      [
        [1, 2, 3],
        [4, 4, 4],
        [5, 6],
      ],
    )
    assert.equal(buffers[1], long)
  })

  it('does not gather without end', async () => {
    const outbox = new Outbox<Uint8Array>()
    for (let value = 0; value < 4; value += 1) outbox.put(frame(value, 40_000))
    outbox.end()
    const lengths: number[] = []
    for await (const chunk of gatherFrames(outbox)) lengths.push(chunk.length)
    assert.deepEqual(lengths, [80_000, 80_000])
  })

  it('gives what came before a failure, then the failure', async () => {
    const gathered = gatherFrames(
      (async function* () {
        yield frame(1)
        await turn()
        throw new Error('broken')
      })(),
    )
    assert.deepEqual(await nextOf(gathered), Uint8Array.of(1))
    await assert.rejects(gathered.next(), /broken/)
  })

  it('lets its source end when nobody takes more', async () => {
    const outbox = new Outbox<Uint8Array>()
    outbox.put(frame(1))
    const gathered = gatherFrames(outbox)
    await gathered.next()
    await gathered.return(undefined)
    outbox.end()
    assert.equal((await gathered.next()).done, true)
  })
})
