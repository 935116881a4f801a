// Messages of kad-dht as its protobuf writes them.
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import { bytesField, numberField } from './bytes.ts'

const PUT_VALUE = 0
const ADD_PROVIDER = 2
const PING = 5

/** What is answered with the same. */
export const ping = (): Uint8Array => numberField(1, PING)

/** Leave a value under a key. */
export function putValue(key: string, value: Uint8Array): Uint8Array {
  const keyBytes = Buffer.from(key)
  const received = Buffer.from(new Date().toISOString())
  const record = [bytesField(1, keyBytes), bytesField(2, value), bytesField(5, received)]
  return Buffer.concat([
    numberField(1, PUT_VALUE),
    bytesField(2, keyBytes),
    bytesField(3, Buffer.concat(record)),
  ])
}

/** Say that a peer holds what a key stands for, and where it is. There is no answer. */
export function addProvider(
  key: CID,
  provider: PeerId,
  addresses: readonly Multiaddr[],
): Uint8Array {
  const peer = [
    bytesField(1, provider.toMultihash().bytes),
    ...addresses.map((address) => bytesField(2, address.bytes)),
  ]
  return Buffer.concat([
    numberField(1, ADD_PROVIDER),
    bytesField(2, key.bytes),
    bytesField(9, Buffer.concat(peer)),
  ])
}
