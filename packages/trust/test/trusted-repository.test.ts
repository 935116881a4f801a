// What a newer manifest may replace. The ideas are those of the basic and rollback cases of TUF client conformance.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { formatHead, sha256 } from '@jarswarm/manifest'
import {
  EquivocationError,
  InvalidManifestError,
  MAX_MANIFEST_BYTES,
  OlderManifestError,
  RollbackError,
} from '../src/index.ts'
import type { RoleName } from '../src/index.ts'
import { makeHead, makeSigners, NOW_MS } from './_crafting.ts'
import type { Craft } from './_crafting.ts'
import { repository, SECOND, Trial } from './_trial.ts'

const digest = sha256(Buffer.from('another'))
let trial: Trial

beforeEach(() => {
  trial = new Trial()
})

describe('accept', () => {
  it('keeps the bytes as they came', () => {
    const bytes = repository.manifest({ patch: { timestamp: { 'x-later': 1 } } })
    const sent = Uint8Array.from(bytes)
    trial.trusted.accept(sent, NOW_MS)
    sent.fill(0)
    assert.deepEqual(trial.trusted.manifest, bytes)
  })

  it('calls the same bytes the same', () => {
    assert.equal(trial.accept({}), 'newer')
    assert.equal(trial.accept({}), 'same')
  })

  it('calls what is signed the same the same, whatever stands around it', () => {
    trial.accept({})
    const before = trial.trusted.manifest
    const replace = (role: RoleName, bytes: Uint8Array): Uint8Array =>
      role === 'timestamp' ? Buffer.concat([bytes, Buffer.from(' \n')]) : bytes
    assert.equal(trial.accept({ replace }), 'same')
    assert.equal(
      trial.accept({ signers: { timestamp: [...repository.onlineSigners, ...makeSigners(1)] } }),
      'same',
    )
    assert.equal(trial.trusted.manifest, before)
  })

  it('advances to a newer head', () => {
    trial.accept({})
    const previous = trial.trusted.headDigest ?? null
    const head = { seq: 2, previous, history: { size: 2, root: digest } }
    assert.equal(trial.accept({ versions: SECOND, head }), 'newer')
    assert.equal(trial.seq, 2)
    assert.equal(trial.trusted.headDigest, sha256(formatHead(makeHead(head))))
  })

  it('advances to a timestamp signed anew over the same head', () => {
    trial.accept({})
    const patch = {
      timestamp: {
        expires: '2026-12-01T00:00:00Z',
        'x-jarswarm': { issued: '2026-11-23T00:00:00Z' },
      },
    }
    assert.equal(trial.accept({ versions: { timestamp: 2 }, patch }), 'newer')
    assert.equal(trial.seq, 1)
    assert.equal(trial.trusted.expiresMs, Date.parse('2026-12-01T00:00:00Z'))
    assert.equal(trial.trusted.issuedMs, Date.parse('2026-11-23T00:00:00Z'))
  })

  it('advances over several heads at once without asking for the one before', () => {
    trial.accept({})
    assert.equal(trial.accept({ versions: SECOND, head: { seq: 5, previous: digest } }), 'newer')
  })

  it('takes nothing from bytes beyond the limit', () => {
    const bytes = new Uint8Array(MAX_MANIFEST_BYTES + 1)
    assert.throws(() => trial.trusted.accept(bytes, NOW_MS), /InvalidManifestError: .*65537 bytes/)
  })
})

describe('rollback', () => {
  it('of the timestamp is an older manifest', () => {
    trial.accept({ versions: SECOND })
    trial.refuses(
      { versions: { snapshot: 2, targets: 2 } },
      OlderManifestError,
      /version 1, wanted more than 2/,
    )
  })

  it('of the timestamp is a forgery when it is not signed', () => {
    trial.accept({ versions: SECOND })
    trial.refuses({ signers: { timestamp: [] } }, InvalidManifestError)
  })

  for (const role of ['snapshot', 'targets'] as const) {
    it(`of the ${role} is refused`, () => {
      trial.accept({ versions: SECOND })
      trial.refuses(
        { versions: { ...SECOND, timestamp: 3, [role]: 1 } },
        RollbackError,
        new RegExp(`${role} version 1`),
      )
    })
  }

  it('of the head is refused', () => {
    trial.accept({ head: { seq: 5 } })
    trial.refuses(
      { versions: SECOND, head: { seq: 4 } },
      RollbackError,
      /found head 4, wanted at least 5/,
    )
  })

  it('of the history is refused', () => {
    trial.accept({ head: { history: { size: 9, root: digest } } })
    trial.refuses(
      { versions: SECOND, head: { seq: 3, history: { size: 8, root: digest } } },
      RollbackError,
      /history of 8 lines/,
    )
  })
})

describe('equivocation', () => {
  const contradicts = (craft: Craft, message: RegExp): void => {
    trial.refuses(craft, EquivocationError, message)
  }

  it('is two timestamps of one version', () => {
    trial.accept({})
    contradicts(
      { patch: { timestamp: { 'x-jarswarm': { issued: '2026-11-22T20:00:01Z' } } } },
      /two timestamps of version 1/,
    )
  })

  it('carries both manifests as evidence', () => {
    trial.accept({})
    const other = repository.manifest({ head: { issued: '2026-11-22T21:00:00Z' } })
    assert.throws(
      () => trial.trusted.accept(other, NOW_MS),
      (error) => {
        assert.ok(error instanceof EquivocationError)
        assert.deepEqual(error.trusted, repository.manifest())
        assert.deepEqual(error.other, other)
        return true
      },
    )
  })

  it('is two heads of one number', () => {
    trial.accept({})
    contradicts(
      { versions: SECOND, head: { issued: '2026-11-22T21:00:00Z' } },
      /two heads of number 1/,
    )
  })

  it('is a successor of another head', () => {
    trial.accept({})
    contradicts(
      { versions: SECOND, head: { seq: 2, previous: digest } },
      /head 2 after another head 1/,
    )
  })

  it('is two histories of one size', () => {
    trial.accept({})
    contradicts(
      { versions: SECOND, head: { seq: 3, history: { size: 1, root: digest } } },
      /two histories of 1 lines/,
    )
  })

  it('is two roots of one number', () => {
    trial.trusted.acceptRoot(repository.makeRoot(2))
    const root = repository.makeRoot(2, { origin: null })
    contradicts({ root, rootNumber: 2 }, /two roots of number 2/)
  })
})
