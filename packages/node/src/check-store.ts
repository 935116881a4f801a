import type { AbortOptions, CheckFinding } from '@jarswarm/ports'
import type { DataDirectory } from '@jarswarm/store'
import { MAX_CHECK_FINDINGS } from './limits/limits.ts'
import type { CheckReport } from './node-control.ts'

/** Re-read every stored blob and the database; with `repair`, set aside what is damaged. */
export async function checkStore(
  { blobs, countDamagedValues }: Pick<DataDirectory, 'blobs' | 'countDamagedValues'>,
  options: AbortOptions & { readonly repair?: boolean },
): Promise<CheckReport> {
  const findings: CheckFinding[] = []
  let findingCount = 0
  for await (const finding of blobs.check(options)) {
    findingCount += 1
    if (findings.length < MAX_CHECK_FINDINGS) findings.push(finding)
  }
  const damagedValues = await countDamagedValues(options)
  const usage = blobs.usage()
  return {
    blobs: usage.blobs,
    bytes: usage.bytes,
    findings,
    findingCount,
    damagedValues,
    repaired: options.repair === true && findingCount > 0,
  }
}
