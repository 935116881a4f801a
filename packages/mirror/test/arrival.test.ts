import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import type { BlobStore, StagedWriter } from '@jarswarm/ports'
import { Arrival } from '../src/proxy/arrival.ts'

it('an arrival that fails leaves no rejection unheard when its stage cannot be removed', async () => {
  let aborts = 0
  const stage = {
    abort: () => {
      aborts += 1
      return Promise.reject(new Error('EIO'))
    },
  } as unknown as StagedWriter
  const arrival = new Arrival(
    { blobs: {} as unknown as BlobStore, stage },
    { path: parsePath('g/a/1/a-1.jar'), sizeBytes: 300_000, inHeap: false },
  )
  arrival.fail('cut off', new Error('cut off'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(aborts, 1)
})
