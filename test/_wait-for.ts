import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 50

/** Poll until `check` gives a value, and fail naming `what` after `boundMs`. */
export async function waitFor<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  boundMs = 120_000,
): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    const value = await check()
    if (value !== undefined) return value
    if (performance.now() > end)
      throw new Error(`Cannot go on: ${what} did not come in ${String(boundMs)} ms`)
    await delay(POLL_MS)
  }
}
