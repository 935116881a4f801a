import { sha256 } from '@jarswarm/manifest'
import { SignedRepositoryBuilder, TEST_NOW_MS } from '@jarswarm/testkit'
import {
  createRoot,
  createSigner,
  formatEvidence,
  formatLink,
  formatManifest,
  generateKeyPair,
  judgeEvidence,
  parseEvidence,
  parseLink,
  parseManifest,
  RootProposal,
  TrustedRepository,
} from '@jarswarm/trust'
import type { SignedManifest } from '@jarswarm/trust'
import { isDeepStrictEqual } from 'node:util'
import { mustHold } from './_input.ts'
import type { InputKind } from './_input.ts'

const MANIFEST_REFUSALS = [
  'InvalidManifestError',
  'InvalidRootError',
  'InvalidHeadError',
  'MissingRootError',
  'RollbackError',
  'OlderManifestError',
  'EquivocationError',
]
const PARTS = ['timestamp', 'snapshot', 'targets', 'head', 'root'] as const

/** What strangers hand in that is signed: root manifests, roots, evidence, proposals, and the keys and links themselves. */
export function signedInputs(): readonly InputKind[] {
  const builder = new SignedRepositoryBuilder()
  builder.put('org/example/lib/1.0/lib-1.0.jar', 'a jar').put('org/example/a/1/a-1.pom', 'a pom')
  const first = builder.publish().manifest
  const fork = builder.fork()
  const second = builder.put('org/example/lib/1.1/lib-1.1.jar', 'newer').publish().manifest
  const other = fork.put('org/example/lib/1.1/lib-1.1.jar', 'another').publish().manifest
  const firstRoot = builder.root
  const nextRoot = builder.nextRoot({ rotate: true })
  const third = builder.publish().manifest
  const trust = (): TrustedRepository => TrustedRepository.create(sha256(firstRoot), firstRoot)
  const evidence = formatEvidence({
    kind: 'two-stories',
    first: second,
    second: other,
    roots: [firstRoot],
  })
  return [
    ...manifests([first, second, third], trust),
    roots(firstRoot, nextRoot),
    evidenceFiles(evidence, builder.id),
    ...keys(),
    links(builder),
  ]
}

/** Root manifests as a whole, and with one document damaged inside of an intact container. */
function manifests(
  samples: readonly Uint8Array[],
  trust: () => TrustedRepository,
): readonly InputKind[] {
  const signed = new Set(samples.map(saysOf))
  let trusted = trust()
  const take = (bytes: Uint8Array): boolean => {
    trusted.accept(bytes, TEST_NOW_MS)
    trusted = trust()
    mustHold(signed.has(saysOf(bytes)), 'a root manifest that says what nobody signed')
    return true
  }
  const parts = PARTS.map((part): InputKind => {
    const containers = new Map(
      samples.map((sample): [string, SignedManifest] => {
        const parsed = parseManifest(sample)
        return [sha256(parsed[part]), parsed]
      }),
    )
    return {
      name: `root manifest: ${part}`,
      samples: [...containers.values()].map((parsed) => parsed[part]),
      refusals: MANIFEST_REFUSALS,
      take(bytes, sample) {
        const container = containers.get(sha256(sample))
        if (container === undefined || bytes.length === 0 || bytes.length > 60_000) return false
        return take(formatManifest({ ...container, [part]: bytes }))
      },
    }
  })
  return [{ name: 'root manifest', samples, refusals: MANIFEST_REFUSALS, take }, ...parts]
}

/** All that the signatures of a root manifest cover. */
function saysOf(manifest: Uint8Array): string {
  const { root, timestamp, snapshot, targets, head } = parseManifest(manifest)
  const signed = [root, timestamp, snapshot, targets].map(signedPart)
  return JSON.stringify([...signed, Buffer.from(head).toString('latin1')])
}

function signedPart(document: Uint8Array): unknown {
  const { signed } = JSON.parse(Buffer.from(document).toString()) as { readonly signed: unknown }
  return sorted(signed)
}

/** The order of keys is not signed. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [two]) => (one < two ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}

function roots(firstRoot: Uint8Array, nextRoot: Uint8Array): InputKind {
  return {
    name: 'root',
    samples: [nextRoot],
    refusals: ['InvalidRootError', 'RollbackError'],
    take(bytes) {
      const trusted = TrustedRepository.create(sha256(firstRoot), firstRoot)
      trusted.acceptRoot(bytes)
      mustHold(isDeepStrictEqual(signedPart(bytes), signedPart(nextRoot)), 'another second root')
      return true
    },
  }
}

function evidenceFiles(sample: Uint8Array, repository: string): InputKind {
  return {
    name: 'evidence',
    samples: [sample],
    refusals: ['InvalidEvidenceError'],
    take(bytes) {
      const verdict = judgeEvidence(parseEvidence(bytes))
      mustHold(verdict.repository === repository, 'evidence against somebody else')
      return true
    },
  }
}

/** Proposals of roots, and the keys that sign them. */
function keys(): readonly InputKind[] {
  const passphrase = 'a long passphrase'
  const pair = generateKeyPair(passphrase)
  const signer = createSigner(pair.privateKey, passphrase)
  const role = { publicKeys: [signer.publicKey], threshold: 1 }
  const terms = {
    name: 'sample',
    origin: null,
    bootstrap: [],
    withdrawals: [],
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
    nowMs: TEST_NOW_MS,
  }
  const first = createRoot({ ...terms, version: 1, signers: [signer] })
  const proposal = RootProposal.create([first], terms)
  const signed = proposal.sign(signer)
  const plain = generateKeyPair()
  return [
    {
      name: 'root proposal',
      samples: [proposal.format(), signed.format()],
      refusals: ['InvalidRootError', 'RollbackError'],
      take(bytes) {
        const found = RootProposal.parse(bytes)
        if (!found.isComplete) return true
        const same = isDeepStrictEqual(signedPart(found.root), signedPart(signed.root))
        const isFirst = isDeepStrictEqual(signedPart(found.root), signedPart(first))
        mustHold(same || isFirst, 'a proposal complete without its signers')
        return true
      },
    },
    {
      name: 'encrypted private key',
      samples: [Buffer.from(pair.privateKey)],
      refusals: ['InvalidKeyError'],
      share: 0.005,
      slowBecause: 'deriving a key from a passphrase is slow on purpose',
      take(bytes) {
        const opened = createSigner(Buffer.from(bytes).toString('latin1'), passphrase)
        // Its form has no checksum: a damaged key may open to another one, which then may not sign.
        const isSame = opened.publicKey === signer.publicKey
        mustHold(isSame || proposal.sign(opened).isComplete, 'a key that is none of the holders')
        return true
      },
    },
    {
      name: 'private key',
      samples: [Buffer.from(plain.privateKey)],
      refusals: ['InvalidKeyError'],
      take(bytes) {
        return createSigner(Buffer.from(bytes).toString('latin1')).publicKey.length === 64
      },
    },
  ]
}

function links(builder: SignedRepositoryBuilder): InputKind {
  const peer = '/ip4/192.0.2.1/tcp/4870/p2p/12D3KooWGRUfHvgVRQvcJk8xNHbqUjKcBRt8aFHfbbVL2jx2LMXo'
  return {
    name: 'swarm link',
    samples: [Buffer.from(builder.link()), Buffer.from(builder.link([peer, peer]))],
    refusals: ['InvalidLinkError'],
    take(bytes) {
      const link = parseLink(Buffer.from(bytes).toString('utf8'))
      mustHold(isDeepStrictEqual(parseLink(formatLink(link)), link), 'a link of no one meaning')
      return true
    },
  }
}
