import type { Clock } from '@jarswarm/ports'
import { WrongClockError } from './errors.ts'

/** No copy of this program is older, so a clock before it is wrong: unset after a lost battery, mostly. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)

/**
 * Stop before anything is signed or judged by a clock that cannot be right.
 *
 * @throws {WrongClockError} when the clock is before the time this program was made
 */
export function checkClock(clock: Clock): void {
  if (clock.now() >= EARLIEST_MS) return
  const found = new Date(clock.now()).toISOString()
  throw new WrongClockError(
    `Cannot run with the clock of this machine: it says ${found}, ` +
      `a time after ${new Date(EARLIEST_MS).toISOString()} is wanted; set the clock and start again`,
  )
}
