import assert from 'node:assert/strict'
import type { HonestState } from './honest-process.ts'

/** Requests that a peer gets of one node at a time: of four downloads, four pieces each. Of their answers one may be looked at. */
const MAX_UNSEEN_LIES = 16

/** A ban is for three lies and for nothing else; whoever was caught did lie, and who lies is caught. */
export function assertJust(
  { blamed, banned }: HonestState,
  told: ReadonlyMap<string, number>,
): void {
  for (const [peer, times] of Object.entries(blamed))
    assert.ok(times <= (told.get(peer) ?? 0), `${peer} was blamed for what it did not say`)
  for (const [peer, lies] of told) {
    const caught = blamed[peer] ?? 0
    const most = MAX_UNSEEN_LIES * (caught + 1)
    assert.ok(
      lies <= most,
      `${peer} told ${String(lies)} lies, and was caught ${String(caught)} times`,
    )
    assert.equal(banned.includes(peer), caught >= 3, `${peer} was caught ${String(caught)} times`)
  }
  for (const peer of banned) assert.ok((told.get(peer) ?? 0) >= 3, `${peer} was banned for nothing`)
}
