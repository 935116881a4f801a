import { setImmediate } from 'node:timers/promises'

/** Others run after so long, in milliseconds: short beside the timeouts of a node that publishes itself. */
const TURN_MS = 10

/**
 * Go through what is at hand at once, and let others run now and then.
 *
 * The disk is read synchronously where there are hundreds of thousands of small things: handing each call to another
 * thread takes several times as long as the calls.
 */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  let turn = performance.now()
  for (const item of items) {
    yield item
    if (performance.now() - turn < TURN_MS) continue
    await setImmediate()
    turn = performance.now()
  }
}
