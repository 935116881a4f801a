/** Time and delay as a component, so that tests are exact. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the machine has it: it jumps either way when somebody sets the clock. */
  now(): number
  /** Milliseconds since some moment, for what takes long or short: it never jumps. */
  monotonicMs(): number
  /** Call back once after `delayMs`. The timer must not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): { cancel(): void }
}
