/** Time and delay as a component, so that tests are exact. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Call back once after `delayMs`. The timer must not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): { cancel(): void }
}
