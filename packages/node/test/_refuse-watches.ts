import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'

/** Let the system have room for so many watches and no more, as long as the test runs. */
export function refuseWatches(t: TestContext, room: number): void {
  const { watch } = fs
  let calls = 0
  t.mock.method(fs, 'watch', ((...given: Parameters<typeof watch>) => {
    calls += 1
    if (calls > room) throw Object.assign(new Error('ENOSPC: watch'), { code: 'ENOSPC' })
    return watch(...given)
  }) as typeof watch)
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}
