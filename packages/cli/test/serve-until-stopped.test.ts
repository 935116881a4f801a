import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import { serveUntilStopped } from '../src/serve-until-stopped.ts'
import type { Terminal } from '../src/terminal.ts'

const REST_MS = 5_000

describe('serveUntilStopped', () => {
  it('has V8 save memory while the service is at rest, and no longer when it stops', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    t.mock.method(process, 'cpuUsage', () => ({ user: 0, system: 0 }))
    const flags: string[] = []
    t.mock.method(v8, 'setFlagsFromString', (flag: string) => flags.push(flag))
    syncBuiltinESMExports()
    t.after(() => {
      t.mock.restoreAll()
      syncBuiltinESMExports()
    })
    const control = new AbortController()
    const terminal = { signal: control.signal } as Terminal
    const serving = Promise.withResolvers<undefined>()
    const service = {
      start: () => Promise.resolve(),
      stop: () => {
        flags.push('the service stops')
        return Promise.resolve()
      },
    }
    const served = serveUntilStopped(service, terminal, () => {
      serving.resolve(undefined)
    })
    await serving.promise
    t.mock.timers.tick(REST_MS)
    control.abort()
    await served
    assert.deepEqual(flags.slice(-3), [
      '--optimize-for-size',
      '--no-optimize-for-size',
      'the service stops',
    ])
  })
})
