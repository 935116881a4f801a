import { readRootState } from '@jarswarm/publisher'
import { expiryWarning } from './root-report.ts'
import { remark } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Tell the operator, on standard error, when the root will expire within three months. */
export async function warnOfExpiry(terminal: Terminal, stateDir: string): Promise<void> {
  const { current } = await readRootState(stateDir)
  const warning = current && expiryWarning(current, Date.now())
  if (warning !== undefined) remark(terminal, warning)
}
