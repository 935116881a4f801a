import type { Endpoint } from '@jarswarm/endpoint'
import { repeat } from '../repeat.ts'
import type { RepeatComponents, Repetition } from '../repeat.ts'
import { loadCertificate } from './certificate-files.ts'

/** Well below the 30 days that a certificate has left when it is made anew. */
const CHECK_MS = 24 * 60 * 60 * 1000

export interface CertificateRenewalComponents extends RepeatComponents {
  readonly endpoint: Pick<Endpoint, 'renew'>
}

/** See to it that the endpoint shows a valid certificate: a node may run for longer than its first one is valid. */
export function renewCertificate(
  { clock, logger, endpoint }: CertificateRenewalComponents,
  { dataDir }: { readonly dataDir: string },
): Repetition {
  return repeat(
    { clock, logger },
    {
      what: 'renew the certificate',
      intervalMs: CHECK_MS,
      firstMs: CHECK_MS,
      task: async () => {
        endpoint.renew(await loadCertificate(dataDir, clock.now()))
      },
    },
  )
}
