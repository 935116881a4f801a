import assert from 'node:assert/strict'

/** What a start may take after a kill or a cut, on a machine that has nothing else to do. */
export const MAX_START_MS = 10_000

/** For the long forms: how busy a machine is shows in more than the main thread's waits for a processor. */
export function assertStartedInTime({ slowestAloneMs }: { readonly slowestAloneMs: number }): void {
  assert.ok(slowestAloneMs <= MAX_START_MS, `started in ${String(slowestAloneMs)} ms`)
}
