/** Donors with keys of their own, and valid notices of theirs that a test changes in one place. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { sliceSet } from '@jarswarm/manifest'
import { TEST_NOW_MS } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import { signNotice } from '../src/donors/notice.ts'
import type { Notice, NoticeTerms } from '../src/donors/notice.ts'
import { REPOSITORY } from './_nodes.ts'

export const LIFE_MS = 20 * 60_000

export function newKey(): Promise<Ed25519PrivateKey> {
  return generateKeyPair('Ed25519')
}

/** Written at the time of a `ManualClock`, unless the terms say otherwise. */
export async function noticeOf(
  terms: Partial<NoticeTerms> = {},
  key?: Ed25519PrivateKey,
): Promise<Notice> {
  const usual = {
    repository: REPOSITORY,
    issuedMs: TEST_NOW_MS,
    lifeMs: LIFE_MS,
    donatedBytes: 5_000_000_000,
    slices: sliceSet([0, 17, 4_095]),
    addresses: [multiaddr('/ip4/192.0.2.7/tcp/4870')],
  }
  return signNotice({ ...usual, ...terms }, key ?? (await newKey()))
}

/** Notices of as many donors. */
export function noticesOf(count: number, terms: Partial<NoticeTerms> = {}): Promise<Notice[]> {
  return Promise.all(Array.from({ length: count }, () => noticeOf(terms)))
}

/** The same notice under many names, where nobody looks at the signature: a key and a signature take their time. */
export async function crowdOf(count: number, terms: Partial<NoticeTerms> = {}): Promise<Notice[]> {
  const notice = await noticeOf(terms)
  return Array.from({ length: count }, (_, at) => ({
    ...notice,
    peer: `donor ${String(at)}`,
    keyHex: at.toString(16).padStart(16, '0').padEnd(64, '0'),
  }))
}
