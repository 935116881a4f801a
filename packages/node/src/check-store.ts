import type { AbortOptions, BlobStore, CheckFinding } from '@jarswarm/ports'
import { MAX_CHECK_FINDINGS } from './limits/limits.ts'
import type { CheckReport } from './node-control.ts'

/** Re-read every stored blob; with `repair`, set aside what is damaged. */
export async function checkStore(
  blobs: BlobStore,
  options: AbortOptions & { readonly repair?: boolean },
): Promise<CheckReport> {
  const findings: CheckFinding[] = []
  let findingCount = 0
  for await (const finding of blobs.check(options)) {
    findingCount += 1
    if (findings.length < MAX_CHECK_FINDINGS) findings.push(finding)
  }
  const usage = blobs.usage()
  return {
    blobs: usage.blobs,
    bytes: usage.bytes,
    findings,
    findingCount,
    repaired: options.repair === true && findingCount > 0,
  }
}
