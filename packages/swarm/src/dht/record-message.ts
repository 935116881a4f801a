/** The two messages of the DHT that a sweep sends, as Protocol Buffers; kad-dht does not export its codec. */
import { encode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'

const TYPE = 1
const KEY = 2
const PROVIDERS = 9
const PEER_ID = 1
const PEER_ADDRESS = 2

const VARINT = 0
const BYTES = 2
const ADD_PROVIDER = 2
const PING = 5

/** Whom records name. */
export interface RecordProvider {
  /** Multihash of the peer id. */
  readonly id: Uint8Array
  /** Binary multiaddrs. */
  readonly addresses: readonly Uint8Array[]
}

/** `ADD_PROVIDER`, which is not answered. */
export function formatAddProvider(key: Uint8Array, provider: RecordProvider): Uint8ArrayList {
  const peer = new Uint8ArrayList(
    field(PEER_ID, provider.id),
    ...provider.addresses.map((address) => field(PEER_ADDRESS, address)),
  )
  return new Uint8ArrayList(formatType(ADD_PROVIDER), field(KEY, key), field(PROVIDERS, peer))
}

/** `PING`, which is answered by the same. */
export function formatPing(): Uint8Array {
  return formatType(PING)
}

function formatType(type: number): Uint8Array {
  return Uint8Array.of((TYPE << 3) | VARINT, type)
}

function field(number: number, bytes: Uint8Array | Uint8ArrayList): Uint8ArrayList {
  return new Uint8ArrayList(Uint8Array.of((number << 3) | BYTES), encode.single(bytes))
}
