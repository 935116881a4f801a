// A repository that publishes what a test wants, with all documents in one root manifest.
import { formatHead } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import { formatManifest } from '../../src/index.ts'
import type { RoleName, Signer } from '../../src/index.ts'
import { DAY_MS, makeHead, makeSigners, NOW_MS, pointerTo, signDocument } from '../_crafting.ts'

const ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const

/** One role of the simulated repository; a test changes what it likes before it publishes. */
export interface SimulatedRole {
  keys: readonly Signer[]
  threshold: number
  /** Who really signs. */
  signers: readonly Signer[]
  version: number
  expiresMs: number
  /** Overrides members of what is signed. */
  patch: object
  /** Changes the finished document, before the one above it points to it. */
  tamper: (bytes: Uint8Array) => Uint8Array
}

export class Simulator {
  readonly roles: Readonly<Record<RoleName, SimulatedRole>>
  readonly roots: Uint8Array[] = []
  head: Head = makeHead()
  /** Changes a document on its way to the client. */
  substitute: (role: RoleName | 'head', bytes: Uint8Array) => Uint8Array = (_role, bytes) => bytes
  readonly #documents = new Map<RoleName, Uint8Array>()

  /** All roles in version 1, but for the root that is at hand when `publish` says so. */
  constructor() {
    const role = (): SimulatedRole => {
      const keys = makeSigners(1)
      return {
        keys,
        threshold: 1,
        signers: keys,
        version: 0,
        expiresMs: NOW_MS + 30 * DAY_MS,
        patch: {},
        tamper: (bytes) => bytes,
      }
    }
    this.roles = { root: role(), targets: role(), snapshot: role(), timestamp: role() }
    this.publish(...ROLES)
  }

  /** Make the next version of these roles. */
  publish(...roles: readonly RoleName[]): void {
    for (const role of ROLES.filter((one) => roles.includes(one))) {
      this.roles[role].version += 1
      const bytes = this.#sign(role)
      this.#documents.set(role, bytes)
      if (role === 'root') this.roots.push(bytes)
    }
  }

  /** Give a role other keys. */
  rotate(role: RoleName): void {
    const keys = makeSigners(1)
    Object.assign(this.roles[role], { keys, signers: keys })
  }

  /** What the client gets. */
  manifest(): Uint8Array {
    const part = (role: RoleName): Uint8Array =>
      this.substitute(role, this.#documents.get(role) ?? new Uint8Array())
    return formatManifest({
      rootNumber: this.roles.root.version,
      root: part('root'),
      timestamp: part('timestamp'),
      snapshot: part('snapshot'),
      targets: part('targets'),
      head: this.substitute('head', formatHead(this.head)),
    })
  }

  #sign(role: RoleName): Uint8Array {
    const { version, expiresMs, patch, signers, tamper } = this.roles[role]
    const signed = {
      _type: role,
      spec_version: '1.0.34',
      version,
      expires: `${new Date(expiresMs).toISOString().slice(0, 19)}Z`,
      ...this.#content(role),
      ...patch,
    }
    return tamper(signDocument(signed, signers))
  }

  #content(role: RoleName): object {
    switch (role) {
      case 'root':
        return this.#rootContent()
      case 'targets':
        return { targets: { 'head.json': pointerTo(formatHead(this.head)) } }
      case 'snapshot':
        return { meta: { 'targets.json': this.#pointer('targets') } }
      case 'timestamp':
        return {
          meta: { 'snapshot.json': this.#pointer('snapshot') },
          'x-jarswarm': { issued: '2026-11-22T20:00:00Z' },
        }
    }
  }

  #pointer(role: RoleName): object {
    const bytes = this.#documents.get(role) ?? new Uint8Array()
    return { version: this.roles[role].version, ...pointerTo(bytes) }
  }

  #rootContent(): object {
    const all = ROLES.flatMap((role) => this.roles[role].keys)
    return {
      consistent_snapshot: false,
      keys: Object.fromEntries(
        all.map(({ keyId, publicKey }) => [
          keyId,
          { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } },
        ]),
      ),
      roles: Object.fromEntries(
        ROLES.map((role) => {
          const { keys, threshold } = this.roles[role]
          return [role, { keyids: keys.map(({ keyId }) => keyId), threshold }]
        }),
      ),
      'x-jarswarm': { name: 'sample', origin: null, bootstrap: [] },
    }
  }
}

/** Change a document as JSON, behind its signatures' back. */
export function edited(change: (document: SignedDocument) => void) {
  return (bytes: Uint8Array): Uint8Array => {
    const document = JSON.parse(Buffer.from(bytes).toString()) as SignedDocument
    change(document)
    return Buffer.from(JSON.stringify(document))
  }
}

export interface SignedDocument {
  readonly signatures: { keyid: string; sig: string }[]
  readonly signed: Record<string, unknown>
}
