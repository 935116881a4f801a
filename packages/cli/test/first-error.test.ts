import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { firstError } from '../src/first-error.ts'

async function failing(...messages: readonly string[]): Promise<void> {
  await using stack = new AsyncDisposableStack()
  for (const message of messages.slice(1).toReversed())
    stack.defer(() => Promise.reject(new Error(message)))
  throw new Error(messages[0])
}

describe('firstError', () => {
  it('is what went wrong before the clean-up did, too', async () => {
    for (const messages of [['the disk is full'], ['the disk is full', 'one', 'two']]) {
      const error: unknown = await failing(...messages).catch((reason: unknown) => reason)
      const first = firstError(error)
      assert.ok(first instanceof Error)
      assert.equal(first.message, 'the disk is full')
    }
  })
})
