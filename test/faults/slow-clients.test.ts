import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, startEndpoint, waitFor } from '../../packages/endpoint/test/_fixture.ts'
import { SlowClients, untilCut } from './_slow-clients.ts'

const LARGE = 'org/example/large/1.0/large-1.0.jar'
const SMALL = 'org/example/small/1.0/small-1.0.jar'
const EACH = 40
/** Longer than a client that reads nothing may take. */
const CLIENT_PATIENCE_MS = 60_000

describe('an endpoint besieged by slow clients', () => {
  it(
    'answers the others, and cuts each of them at its deadline',
    { timeout: 60_000 },
    async (t) => {
      const { port, source, clock } = await startEndpoint(t, { headersTimeoutMs: 600 })
      source.put(LARGE, { bytes: Buffer.alloc(24_000_000) })
      source.put(SMALL, { bytes: 'small' })
      const host = `127.0.0.1:${String(port)}`
      const siege = { port, host, large: `/clojars/${LARGE}`, each: EACH }
      const slow = await SlowClients.begin(siege)
      t.after(() => {
        slow.end()
      })
      for (let asked = 0; asked < 20; asked += 1)
        assert.equal((await ask(port, `/clojars/${SMALL}`)).body.toString(), 'small')
      await untilCut(slow.asking)
      assert.equal(source.unreleased, EACH)
      clock.advance(CLIENT_PATIENCE_MS)
      await waitFor(() => source.unreleased === 0)
      await untilCut(slow.reading)
      for (const socket of slow.reading) assert.ok(socket.bytesRead < 24_000_000)
      assert.equal(clock.pendingTimers, 0)
    },
  )
})
