import { setTimeout as delay } from 'node:timers/promises'

/** Longer than anything that is waited for takes on a busy machine. */
const DEADLINE_MS = 60_000
const LOOK_MS = 20

/** Look at a condition until it holds; fails with its name when that takes too long. */
export async function waitFor(
  what: string,
  isReached: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!(await isReached())) {
    if (performance.now() > deadlineMs) throw new Error(`Waited too long for ${what}`)
    await delay(LOOK_MS)
  }
}
