import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../src/exchange.ts'
import { sendAnswer } from '../src/send-answer.ts'

describe('sendAnswer', () => {
  it('writes no byte beyond the announced length', async () => {
    let written = 0
    const response = {
      writeHead: () => response,
      write: (bytes: Uint8Array) => {
        written += bytes.length
        return true
      },
    }
    const exchange = {
      response,
      isHead: false,
      signal: new AbortController().signal,
      decided: () => undefined,
      untilChunk: async (work: Promise<unknown>) => await work,
    } as unknown as Exchange
    const content = {
      source: 'peer',
      sizeBytes: 4,
      release: () => undefined,
      async *read() {
        yield await Promise.resolve(new Uint8Array(3))
        yield new Uint8Array(2)
      },
    } as const
    const range = { offset: 0, length: 4 }
    const answer = { status: 200, headers: {}, body: { kind: 'stream', content, range } } as const
    await assert.rejects(sendAnswer(exchange, answer), { code: 'ERR_BROKEN_BODY' })
    assert.equal(written, 3)
  })
})
