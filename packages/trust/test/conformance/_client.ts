// The other side of TUF's conformance suite. Tests are named after the suite's, and mean the same.
import { sha256 } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import { manifestVersions, TrustedRepository } from '../../src/index.ts'
import type { RoleName } from '../../src/index.ts'
import { NOW_MS } from '../_crafting.ts'
import { Simulator } from './_simulator.ts'

/** A client in strict mode: TUF 5.3, the roots one by one, then all else. */
export class Client {
  readonly #trusted: TrustedRepository

  constructor(first: Uint8Array) {
    this.#trusted = TrustedRepository.create(sha256(first), first)
  }

  /** @returns whether it went well; a defect is thrown on */
  refresh(simulator: Simulator, nowMs: number = NOW_MS): boolean {
    try {
      for (const root of simulator.roots.slice(this.#trusted.rootNumber)) {
        this.#trusted.acceptRoot(root)
      }
      this.#trusted.accept(simulator.manifest(), nowMs, { enforceExpiry: true })
      return true
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      return false
    }
  }

  get manifest(): Uint8Array | undefined {
    return this.#trusted.manifest
  }

  get head(): Head | undefined {
    return this.#trusted.head
  }

  /** The trusted version of a role; undefined when there is none. */
  version(role: RoleName): number | undefined {
    if (role === 'root') return this.#trusted.rootNumber
    const { manifest } = this
    return manifest && manifestVersions(manifest)[role]
  }

  /** The bytes of a trusted root. */
  root(number: number): Uint8Array | undefined {
    return this.#trusted.root(number)
  }
}

/** A repository, and a client that has its first root. */
export function start(): { readonly repo: Simulator; readonly client: Client } {
  const repo = new Simulator()
  const [first] = repo.roots
  if (first === undefined) throw new Error('Cannot start: found no root')
  return { repo, client: new Client(first) }
}
