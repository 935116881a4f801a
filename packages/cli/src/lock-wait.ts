import { remark } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** So long a server that publishes, or signs anew, may hold the state directory before a command gives up. */
const LOCK_WAIT_MS = 30_000

/** How a command waits for whoever is at work in the state directory. */
export interface LockWait {
  readonly waitMs: number
  readonly signal: AbortSignal
  readonly onWait: (pid: number) => void
}

export function lockWait(terminal: Terminal): LockWait {
  return {
    waitMs: LOCK_WAIT_MS,
    signal: terminal.signal,
    onWait: (pid) => {
      remark(terminal, `waits for process ${String(pid)}, which publishes with the same keys`)
    },
  }
}
