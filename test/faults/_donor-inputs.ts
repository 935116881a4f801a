import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { sha256, sliceSet } from '@jarswarm/manifest'
import { multiaddr } from '@multiformats/multiaddr'
import {
  MAX_DONORS,
  MAX_NOTICE_ADDRESSES,
  MAX_NOTICE_LIFE_MS,
} from '../../packages/swarm/src/donors/limits.ts'
import { parseNotice, signNotice, verifyNotice } from '../../packages/swarm/src/donors/notice.ts'
import type { Notice, SignedNotice } from '../../packages/swarm/src/donors/notice.ts'
import {
  formatKnown,
  formatNotices,
  parseKnown,
  parseNotices,
} from '../../packages/swarm/src/donors/notice-messages.ts'
import { mustHold } from './_input.ts'
import type { InputKind } from './_input.ts'

/** What donors say of themselves, and how peers ask for it and hand it on. */
export async function donorInputs(): Promise<readonly InputKind[]> {
  const given = await signed(
    'given',
    5_000_000_000,
    '/ip4/192.0.2.1/tcp/4870',
    '/dns4/a.test/tcp/1',
  )
  const ended = await signed('ended', 0)
  const answer = formatNotices([given, ended], { room: 2, issuedMs: new Map() })
  return [
    {
      name: 'notice of a donor',
      samples: [given.bytes, ended.bytes],
      refusals: ['ProtocolError'],
      async take(bytes, sample) {
        const found = parseNotice(bytes)
        if (found === undefined) return false
        holdToBounds(found)
        await verifyNotice(found)
        mustHold(Buffer.compare(bytes, sample) === 0, 'a notice that its donor did not sign')
        return true
      },
    },
    {
      name: 'donors that are known',
      samples: [formatKnown(9, [given, ended])],
      refusals: [],
      take(bytes) {
        const found = parseKnown(bytes)
        if (found === undefined) return false
        mustHold(found.issuedMs.size <= MAX_DONORS, 'more donors than there is room for')
        mustHold(found.issuedMs.size * 16 + 4 === bytes.length, 'a donor that is known twice')
        return true
      },
    },
    {
      name: 'answer with notices',
      samples: [answer],
      refusals: ['ProtocolError'],
      take(bytes) {
        const found = parseNotices(bytes)
        found.forEach(holdToBounds)
        const length = found.reduce((sum, notice) => sum + 2 + notice.bytes.length, 0)
        mustHold(length <= bytes.length, 'more notices than bytes')
        return true
      },
    },
  ]
}

function holdToBounds({ lifeMs, donatedBytes, slices, addresses }: SignedNotice): void {
  mustHold(lifeMs > 0 && lifeMs <= MAX_NOTICE_LIFE_MS, 'a life beyond the bound')
  mustHold(addresses.length <= MAX_NOTICE_ADDRESSES, 'addresses beyond the bound')
  mustHold(slices.length === 512, 'another number of slices')
  mustHold(donatedBytes > 0 || slices.every((byte) => byte === 0), 'slices without space')
}

async function signed(
  donor: string,
  donatedBytes: number,
  ...addresses: readonly string[]
): Promise<Notice> {
  const repository = sha256(Buffer.from('repository'))
  const terms = {
    repository,
    issuedMs: Date.UTC(2026, 10, 22),
    lifeMs: 1_200_000,
    donatedBytes,
    slices: sliceSet(donatedBytes === 0 ? [] : [0, 7, 4_095]),
    addresses: addresses.map((text) => multiaddr(text)),
  }
  // The same keys in each run: damage that a seed makes is then made again.
  const seed = Buffer.from(sha256(Buffer.from(donor)), 'hex')
  return signNotice(terms, await generateKeyPairFromSeed('Ed25519', seed))
}
