import { dirname, join } from 'node:path'
import { TRUST_STORE_PASSWORD } from '@jarswarm/node'
import type { SetupTarget } from './setup-plan.ts'

/** What makes a JVM accept the node's certificate; nothing over plain HTTP. */
export function trustStoreFlags({
  certificate,
}: Pick<SetupTarget, 'certificate'>): readonly string[] {
  if (certificate === undefined) return []
  return [
    `-Djavax.net.ssl.trustStore=${join(dirname(certificate), 'truststore.jks')}`,
    `-Djavax.net.ssl.trustStorePassword=${TRUST_STORE_PASSWORD}`,
  ]
}

/** The same as a sentence. */
export function trustStoreNote(target: SetupTarget, variable: string): readonly string[] {
  const flags = trustStoreFlags(target)
  if (flags.length === 0) return []
  return [
    `The JVM must trust the node's certificate; "jarswarm run --https" sets that, or set ${variable}="${flags.join(' ')}"`,
  ]
}
