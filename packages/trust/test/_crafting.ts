// Crafts TUF documents by hand, so that a test can break one thing and still sign the rest properly.
import { formatHead, sha256 } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import { canonicalize } from '@tufjs/canonical-json'
import {
  createRoot,
  createSigner,
  formatManifest,
  generateKeyPair,
  TrustedRepository,
} from '../src/index.ts'
import type { RoleName, RootInit, Signer } from '../src/index.ts'

export const NOW_MS: number = Date.UTC(2026, 10, 22, 20)
export const DAY_MS: number = 24 * 60 * 60 * 1000

/** Overrides members of a signed document; a function sees what would have been signed. */
export type Patch = object | PatchFunction
type PatchFunction = (signed: Record<string, unknown>) => object

export interface Craft {
  readonly root?: Uint8Array
  readonly rootNumber?: number
  readonly versions?: Partial<Record<RoleName, number>>
  readonly head?: Partial<Head>
  readonly headBytes?: Uint8Array
  readonly signers?: Partial<Record<RoleName, readonly Signer[]>>
  readonly patch?: Partial<Record<RoleName, Patch>>
  /** Applied to a finished document, after its pointer was computed. */
  readonly replace?: (role: RoleName, bytes: Uint8Array) => Uint8Array
}

export function makeSigners(count: number): readonly Signer[] {
  return Array.from({ length: count }, () => createSigner(generateKeyPair().privateKey))
}

export function publicKeysOf(signers: readonly Signer[]): readonly string[] {
  return signers.map((signer) => signer.publicKey)
}

/** Sign any JSON as TUF would, with every signer given. */
export function signDocument(signed: object, signers: readonly Signer[]): Uint8Array {
  const content = Buffer.from(signable(JSON.parse(JSON.stringify(signed)) as unknown))
  const signatures = signers.map((signer) => ({
    keyid: signer.keyId,
    sig: Buffer.from(signer.sign(content)).toString('hex'),
  }))
  return Buffer.from(JSON.stringify({ signatures, signed }))
}

function signable(signed: unknown): string {
  try {
    return canonicalize(signed)
  } catch {
    // Fractions have no canonical form; a document with one is refused whatever its signature.
    return JSON.stringify(signed)
  }
}

/** What is signed in a document, to break and sign again. */
export function signedPart(document: Uint8Array): Record<string, unknown> {
  const { signed } = JSON.parse(Buffer.from(document).toString()) as {
    signed: Record<string, unknown>
  }
  return signed
}

export function makeHead(changes: Partial<Head> = {}): Head {
  return {
    seq: 1,
    issued: '2026-11-22T20:00:00Z',
    index: { root: sha256(Buffer.from('index')), directories: 1, files: 1, bytes: 1 },
    history: { size: 1, root: sha256(Buffer.from('history')) },
    previous: (changes.seq ?? 1) > 1 ? sha256(Buffer.from('previous')) : null,
    observed: null,
    pack: null,
    withdrawn: null,
    ...changes,
  }
}

/** A repository with one root key and one online key, whose documents can be broken one at a time. */
export class CraftedRepository {
  readonly rootSigners: readonly Signer[]
  readonly onlineSigners: readonly Signer[]
  readonly firstRoot: Uint8Array

  constructor() {
    this.rootSigners = makeSigners(1)
    this.onlineSigners = makeSigners(1)
    this.firstRoot = this.makeRoot(1)
  }

  get id(): string {
    return sha256(this.firstRoot)
  }

  makeRoot(version: number, changes: Partial<RootInit> = {}): Uint8Array {
    const online = { publicKeys: publicKeysOf(this.onlineSigners), threshold: 1 }
    return createRoot({
      version,
      name: 'sample',
      origin: 'https://repo.example/',
      bootstrap: [],
      roles: {
        root: { publicKeys: publicKeysOf(this.rootSigners), threshold: 1 },
        timestamp: online,
        snapshot: online,
        targets: online,
      },
      nowMs: NOW_MS,
      signers: this.rootSigners,
      ...changes,
    })
  }

  /** A trusted repository at the first root. */
  trust(): TrustedRepository {
    return TrustedRepository.create(this.id, this.firstRoot)
  }

  /** A root manifest; valid, and number one of everything, as far as `craft` does not say otherwise. */
  manifest(craft: Craft = {}): Uint8Array {
    const head = craft.headBytes ?? formatHead(makeHead(craft.head))
    const targets = this.#document('targets', craft, { targets: { 'head.json': pointerTo(head) } })
    const targetsFile = { version: craft.versions?.targets ?? 1, ...pointerTo(targets) }
    const snapshot = this.#document('snapshot', craft, { meta: { 'targets.json': targetsFile } })
    const snapshotFile = { version: craft.versions?.snapshot ?? 1, ...pointerTo(snapshot) }
    const timestamp = this.#document('timestamp', craft, {
      meta: { 'snapshot.json': snapshotFile },
      'x-jarswarm': { issued: '2026-11-22T20:00:00Z' },
    })
    const replace = craft.replace ?? ((_role: RoleName, bytes: Uint8Array) => bytes)
    return formatManifest({
      rootNumber: craft.rootNumber ?? 1,
      root: replace('root', craft.root ?? this.firstRoot),
      timestamp: replace('timestamp', timestamp),
      snapshot: replace('snapshot', snapshot),
      targets: replace('targets', targets),
      head,
    })
  }

  #document(role: RoleName, craft: Craft, content: object): Uint8Array {
    const signed = {
      _type: role,
      spec_version: '1.0.34',
      version: craft.versions?.[role] ?? 1,
      expires: role === 'timestamp' ? '2026-11-29T20:00:00Z' : '2036-11-22T20:00:00Z',
      ...content,
    }
    const patch = craft.patch?.[role] ?? {}
    const changes = typeof patch === 'function' ? (patch as PatchFunction)(signed) : patch
    const patched = { ...signed, ...changes }
    return signDocument(patched, craft.signers?.[role] ?? this.onlineSigners)
  }
}

export function pointerTo(bytes: Uint8Array): { length: number; hashes: { sha256: string } } {
  return { length: bytes.length, hashes: { sha256: sha256(bytes) } }
}
