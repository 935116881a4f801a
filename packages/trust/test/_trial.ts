// One trusted repository on trial: what it accepts, and what it refuses without a change.
import assert from 'node:assert/strict'
import type { RoleName, RootInit, Signer, TrustedRepository } from '../src/index.ts'
import { CraftedRepository, makeSigners, NOW_MS, publicKeysOf } from './_crafting.ts'
import type { Craft } from './_crafting.ts'

type ErrorClass = abstract new (...parameters: never[]) => Error

/** Versions of a second manifest. */
export const SECOND = { timestamp: 2, snapshot: 2, targets: 2 }

export const repository = new CraftedRepository()

export class Trial {
  trusted: TrustedRepository = repository.trust()

  get seq(): number | undefined {
    return this.trusted.head?.seq
  }

  accept(craft: Craft): 'newer' | 'same' {
    return this.trusted.accept(repository.manifest(craft), NOW_MS)
  }

  /** Expect a refusal that leaves everything as it was. */
  refuses(craft: Craft, kind: ErrorClass, message = /Cannot/): void {
    const before = this.trusted.record()
    assert.throws(
      () => this.accept(craft),
      (error) => {
        assert.ok(error instanceof kind, String(error))
        assert.match(String(error), message)
        return true
      },
    )
    assert.deepEqual(this.trusted.record(), before)
  }
}

/** A root in which one role has other keys. */
export function rotated(
  role: RoleName,
  signers: readonly Signer[] = makeSigners(1),
): Partial<RootInit> {
  const online = { publicKeys: publicKeysOf(repository.onlineSigners), threshold: 1 }
  return {
    roles: {
      root: { publicKeys: publicKeysOf(repository.rootSigners), threshold: 1 },
      timestamp: online,
      snapshot: online,
      targets: online,
      [role]: { publicKeys: publicKeysOf(signers), threshold: 1 },
    },
  }
}
