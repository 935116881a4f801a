import { Signature } from '@tufjs/models'
import type { Metadata, Root, Snapshot, Targets, Timestamp } from '@tufjs/models'
import type { Signer } from './keys.ts'

type AnyMetadata = Metadata<Root | Timestamp | Snapshot | Targets>

/** Add one signature per signer; one that stands there already is replaced. */
export function signMetadata(metadata: AnyMetadata, signers: readonly Signer[]): void {
  for (const signer of signers) {
    metadata.sign((bytes) => {
      const sig = Buffer.from(signer.sign(bytes)).toString('hex')
      return new Signature({ keyID: signer.keyId, sig })
    })
  }
}

/** The bytes of a document: JSON and one line end. */
export function formatMetadata(metadata: AnyMetadata): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(metadata.toJSON())}\n`)
}
