import { providerKey } from '@jarswarm/ports'
import type { ProviderSubject } from '@jarswarm/ports'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'

const SHA2_256 = 0x12

/** The DHT's name for a subject: its provider key as the SHA-256 of a raw CID. */
export function providerCid(subject: ProviderSubject): CID {
  const bytes = Buffer.from(providerKey(subject), 'hex')
  return CID.createV1(raw.code, create(SHA2_256, bytes))
}

/** The provider key of a record, 64 lower-case hex characters; undefined when it is of another hash. */
export function keyOfCid(cid: CID): string | undefined {
  const { code, digest } = cid.multihash
  return code === SHA2_256 ? Buffer.from(digest).toString('hex') : undefined
}
