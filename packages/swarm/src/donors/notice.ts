/**
 * The notice of a donor: what it gives to a repository, in its own words. Numbers are big-endian.
 *
 * offset  size  field
 *      0     1  version: 1
 *      1    32  repository id
 *     33    32  Ed25519 public key, which the donor's peer id holds
 *     65     8  issued, ms since the epoch
 *     73     4  life: it counts for so many ms after that, at least 1
 *     77     8  donated bytes; 0 says that the donation has ended, and then there is no slice either
 *     85   512  slices kept, a `SliceSet`
 *    597        addresses, as in `notice-addresses.ts`
 *           64  Ed25519 signature of `jarswarm donor notice 1`, a zero byte, and all of the above
 */
import { createPublicKey, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { SLICE_SET_BYTES } from '@jarswarm/manifest'
import type { SliceSet } from '@jarswarm/manifest'
import type { PeerName } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ProtocolError } from '../exchange/errors.ts'
import { hexOf, viewOf } from '../exchange/message.ts'
import { MAX_NOTICE_BYTES, MAX_NOTICE_LIFE_MS } from './limits.ts'
import { formatAddresses, parseAddresses } from './notice-addresses.ts'

const VERSION = 1
const KEY_AT = 33
const ISSUED_AT = 65
const LIFE_AT = 73
const DONATED_AT = 77
const SLICES_AT = 85
const ADDRESSES_AT = SLICES_AT + SLICE_SET_BYTES
const SIGNATURE_BYTES = 64
const DOMAIN = Buffer.from('jarswarm donor notice 1\0')

const verifyAside = promisify(verify)

/** What a donor says of itself. */
export interface NoticeTerms {
  readonly repository: RepositoryId
  readonly issuedMs: number
  /** 1 to `MAX_NOTICE_LIFE_MS`. */
  readonly lifeMs: number
  /** 0 when the donation has ended. */
  readonly donatedBytes: number
  readonly slices: SliceSet
  /** As `noticeAddresses` gives them. */
  readonly addresses: readonly Multiaddr[]
}

/** A well-formed notice that anybody may have written. */
export interface SignedNotice extends NoticeTerms {
  readonly peer: PeerName
  /** The public key in 64 lower-case hex characters. */
  readonly keyHex: string
  /** All of it, as it is handed on. */
  readonly bytes: Uint8Array
}

/** A notice that its donor did sign. Only `signNotice` and `verifyNotice` make one. */
export interface Notice extends SignedNotice {
  readonly verified: true
}

/** Write and sign a notice with the key that names the node. */
export async function signNotice(terms: NoticeTerms, key: Ed25519PrivateKey): Promise<Notice> {
  const { raw } = key.publicKey
  const body = formatBody(terms, raw)
  const signature = await key.sign(Buffer.concat([DOMAIN, body]))
  const bytes = Buffer.concat([body, signature])
  return { ...terms, peer: peerOf(raw), keyHex: hexOf(raw), bytes, verified: true }
}

/** @returns undefined when it is malformed, of another version, or of a form that `signNotice` does not give */
export function parseNotice(bytes: Uint8Array): SignedNotice | undefined {
  const bodyBytes = bytes.length - SIGNATURE_BYTES
  if (bodyBytes < ADDRESSES_AT || bytes.length > MAX_NOTICE_BYTES) return undefined
  const view = viewOf(bytes)
  const terms = {
    repository: hexOf(bytes.subarray(1, KEY_AT)),
    issuedMs: Number(view.getBigUint64(ISSUED_AT)),
    lifeMs: view.getUint32(LIFE_AT),
    donatedBytes: Number(view.getBigUint64(DONATED_AT)),
    slices: bytes.subarray(SLICES_AT, ADDRESSES_AT),
  }
  if (bytes[0] !== VERSION || !areInBounds(terms)) return undefined
  const addresses = parseAddresses(bytes.subarray(ADDRESSES_AT, bodyBytes))
  if (addresses === undefined) return undefined
  const key = bytes.subarray(KEY_AT, ISSUED_AT)
  return { ...terms, addresses, peer: peerOf(key), keyHex: hexOf(key), bytes }
}

/**
 * Check that a notice is the word of the donor that it names. Takes its time beside the event loop.
 *
 * @throws {ProtocolError} it is not: who handed it on either forged it, or did not check
 */
export async function verifyNotice(notice: SignedNotice): Promise<Notice> {
  const { bytes, keyHex } = notice
  const body = bytes.subarray(0, -SIGNATURE_BYTES)
  const signature = bytes.subarray(-SIGNATURE_BYTES)
  const x = Buffer.from(keyHex, 'hex').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  if (await verifyAside(null, Buffer.concat([DOMAIN, body]), key, signature)) {
    return { ...notice, verified: true }
  }
  const found = 'another signature than its own'
  throw new ProtocolError(`Cannot take the notice of donor ${notice.peer}: found ${found}`)
}

function formatBody(terms: NoticeTerms, publicKey: Uint8Array): Uint8Array {
  const head = new Uint8Array(ADDRESSES_AT)
  const view = viewOf(head)
  head[0] = VERSION
  head.set(Buffer.from(terms.repository, 'hex'), 1)
  head.set(publicKey, KEY_AT)
  view.setBigUint64(ISSUED_AT, BigInt(terms.issuedMs))
  view.setUint32(LIFE_AT, terms.lifeMs)
  view.setBigUint64(DONATED_AT, BigInt(terms.donatedBytes))
  head.set(terms.slices, SLICES_AT)
  return Buffer.concat([head, formatAddresses(terms.addresses)])
}

function areInBounds(terms: Omit<NoticeTerms, 'addresses'>): boolean {
  const { issuedMs, lifeMs, donatedBytes, slices } = terms
  return (
    Number.isSafeInteger(issuedMs) &&
    Number.isSafeInteger(donatedBytes) &&
    lifeMs >= 1 &&
    lifeMs <= MAX_NOTICE_LIFE_MS &&
    (donatedBytes > 0 || slices.every((byte) => byte === 0))
  )
}

function peerOf(publicKey: Uint8Array): PeerName {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString()
}
