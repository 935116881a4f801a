// Each test breaks one thing of a valid manifest and expects one refusal. The ideas are those of the
// conformance cases of TUF clients: basic, expiration, keys, file download and delegations.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidManifestError } from '../src/index.ts'
import type { RoleName } from '../src/index.ts'
import { CraftedRepository, makeSigners, NOW_MS, pointerTo } from './_crafting.ts'
import type { Craft } from './_crafting.ts'

const repository = new CraftedRepository()
const ONLINE_ROLES: readonly RoleName[] = ['timestamp', 'snapshot', 'targets']

function refuses(craft: Craft, message: RegExp): void {
  const trusted = repository.trust()
  assert.throws(
    () => trusted.accept(repository.manifest(craft), NOW_MS),
    (error) => {
      assert.ok(error instanceof InvalidManifestError, String(error))
      assert.match(error.message, message)
      return true
    },
  )
  assert.equal(trusted.head, undefined)
}

function accepts(craft: Craft): void {
  assert.equal(repository.trust().accept(repository.manifest(craft), NOW_MS), 'newer')
}

describe('verifyManifest', () => {
  it('accepts what is signed properly', () => {
    const trusted = repository.trust()
    const bytes = repository.manifest()
    assert.equal(trusted.accept(bytes, NOW_MS), 'newer')
    assert.equal(trusted.head?.seq, 1)
    assert.deepEqual(trusted.manifest, bytes)
    assert.equal(trusted.issuedMs, NOW_MS)
  })

  it('refuses a member that no signature covers, though nobody here would read it', () => {
    const hang = (role: RoleName, bytes: Uint8Array): Uint8Array => {
      if (role !== 'timestamp') return bytes
      const text = Buffer.from(bytes).toString()
      return Buffer.from(text.replace('"meta":{', '"meta":{"other.json":{"version":1},'))
    }
    refuses({ replace: hang }, /members that no signature would cover/)
  })

  for (const role of ONLINE_ROLES) {
    it(`refuses an unsigned ${role}`, () => {
      refuses({ signers: { [role]: [] } }, new RegExp(`the ${role}: found .*signed by 0/1`))
    })

    it(`refuses a ${role} signed by a key that is not listed`, () => {
      refuses({ signers: { [role]: makeSigners(1) } }, new RegExp(`the ${role}: .*signed by 0/1`))
    })

    it(`accepts a ${role} with a bad signature beside enough good ones`, () => {
      accepts({ signers: { [role]: [...makeSigners(1), ...repository.onlineSigners] } })
    })

    it(`refuses a ${role} with two signatures of one key id`, () => {
      const twice = [...repository.onlineSigners, ...repository.onlineSigners]
      refuses({ signers: { [role]: twice } }, /multiple signatures found/)
    })

    it(`refuses a ${role} of another type`, () => {
      refuses({ patch: { [role]: { _type: 'root' } } }, new RegExp(`expected '${role}', got root`))
    })

    it(`refuses a ${role} of another TUF generation`, () => {
      refuses({ patch: { [role]: { spec_version: '2.0.0' } } }, /specVersion/)
    })

    it(`refuses a ${role} whose expiry cannot be read`, () => {
      refuses({ patch: { [role]: { expires: 'never' } } }, new RegExp(`the ${role}: .*expires`))
      refuses({ patch: { [role]: { expires: '2036-11-22' } } }, /found expiry "2036-11-22"/)
      refuses({ patch: { [role]: { expires: '2036-02-30T00:00:00Z' } } }, /xpir/)
      refuses({ patch: { [role]: { expires: '+010000-01-01T00:00Z' } } }, /xpir/)
    })

    it(`refuses a ${role} whose version is no positive integer`, () => {
      for (const version of [0, -1, 1.5, 2 ** 53, '1', null]) {
        refuses(
          { patch: { [role]: { version } } },
          new RegExp(`the ${role}: found .*ersion|cannot encode`),
        )
      }
    })

    it(`keeps unknown signed members of a ${role} under its signature`, () => {
      accepts({ patch: { [role]: { 'x-later': { deep: [1, 'two', null] } } } })
    })

    it(`refuses a ${role} that was changed after it was signed`, () => {
      const replace = (which: RoleName, bytes: Uint8Array): Uint8Array =>
        which === role ? Buffer.from(bytes.toString().replace('2036', '2037')) : bytes
      const late = { patch: { timestamp: { expires: '2036-01-01T00:00:00Z' } }, replace }
      refuses(late, new RegExp(`the ${role}: found`))
    })

    it(`refuses a ${role} that is not JSON, or not UTF-8`, () => {
      const put = (text: string) => (which: RoleName, bytes: Uint8Array) =>
        which === role ? Buffer.from(text, 'latin1').subarray(0, bytes.length) : bytes
      refuses({ replace: put('{') }, new RegExp(`the ${role}: found`))
      refuses({ replace: put('null') }, new RegExp(`the ${role}: found`))
      refuses({ replace: put('"\xff"') }, new RegExp(`the ${role}: found`))
    })
  }

  it('refuses nesting that no stack holds', () => {
    const deep = `{"signatures":[],"signed":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    refuses(
      { replace: (role, bytes) => (role === 'timestamp' ? Buffer.from(deep) : bytes) },
      /timestamp/,
    )
  })

  for (const [role, below] of [
    ['timestamp', 'snapshot'],
    ['snapshot', 'targets'],
  ] as const) {
    const file = `${below}.json`
    const named = (signed: Record<string, unknown>): Record<string, unknown> =>
      (signed['meta'] as Record<string, Record<string, unknown>>)[file] ?? {}
    const patch = (changes: object): Craft => ({
      patch: {
        [role]: (signed: Record<string, unknown>) => ({
          meta: { [file]: { ...named(signed), ...changes } },
        }),
      },
    })

    it(`refuses a ${role} that names another length of ${below}`, () => {
      refuses(patch({ length: 1 }), new RegExp(`the ${below}: found \\d+ bytes, wanted 1`))
    })

    it(`refuses a ${role} that names another digest of ${below}`, () => {
      refuses(
        patch({ hashes: { sha256: '0'.repeat(64) } }),
        new RegExp(`the ${below}: found SHA-256`),
      )
    })

    it(`refuses a ${role} that names another version of ${below}`, () => {
      refuses(patch({ version: 2 }), new RegExp(`the ${below}: found version 1, wanted 2`))
    })

    it(`refuses a ${role} that does not bind ${below} by length and SHA-256 alone`, () => {
      refuses(patch({ length: undefined }), /wanted a length and a SHA-256 alone/)
      refuses(patch({ hashes: undefined }), /wanted a length and a SHA-256 alone/)
      refuses(patch({ hashes: { sha512: '0' } }), /wanted a length and a SHA-256 alone/)
      const both = (signed: Record<string, unknown>): object => ({
        meta: {
          [file]: {
            ...named(signed),
            hashes: { ...(named(signed)['hashes'] as object), 'no-such': '0' },
          },
        },
      })
      refuses({ patch: { [role]: both } }, /wanted a length and a SHA-256 alone/)
    })

    it(`refuses a ${role} without ${below}`, () => {
      refuses({ patch: { [role]: { meta: {} } } }, new RegExp(`the ${role}`))
      refuses({ patch: { [role]: { meta: undefined } } }, /found|wanted/)
    })

    it(`refuses a ${role} that names further metadata`, () => {
      const further = (signed: Record<string, unknown>): object => ({
        meta: { ...(signed['meta'] as object), 'delegated.json': { version: 1 } },
      })
      refuses({ patch: { [role]: further } }, new RegExp(`the ${role}`))
    })
  }

  it('refuses a snapshot or targets replaced by another that is signed as well', () => {
    for (const role of ['snapshot', 'targets'] as const) {
      const other = repository.manifest({ patch: { [role]: { 'x-other': true } } })
      const text = Buffer.from(other).toString()
      const begin = text.indexOf('\n', text.indexOf(`\n${role} `) + 1) + 1
      const bytes = Buffer.from(text.slice(begin, text.indexOf('\n', begin)))
      const replace = (which: RoleName, own: Uint8Array): Uint8Array =>
        which === role ? bytes : own
      refuses({ replace }, new RegExp(`the ${role}: found \\d+ bytes`))
    }
  })

  it('refuses targets that list nothing, another file, or more than the head', () => {
    const pointer = pointerTo(Buffer.from('x'))
    refuses({ patch: { targets: { targets: {} } } }, /found no target, wanted head\.json alone/)
    refuses({ patch: { targets: { targets: { 'other.json': pointer } } } }, /found other\.json/)
    const more = (signed: Record<string, unknown>): object => ({
      targets: { ...(signed['targets'] as object), 'other.json': pointer },
    })
    refuses({ patch: { targets: more } }, /found head\.json, other\.json/)
  })

  it('refuses delegations', () => {
    refuses({ patch: { targets: { delegations: { keys: {}, roles: [] } } } }, /found delegations/)
  })

  it('refuses a head of another length or digest', () => {
    const target = (pointer: object): Craft => ({
      patch: { targets: { targets: { 'head.json': pointer } } },
    })
    refuses(target(pointerTo(Buffer.from('x'))), /the head: found \d+ bytes/)
    const length = 1
    refuses(
      { ...target({ length, hashes: { sha256: '0'.repeat(64) } }), headBytes: Buffer.from('x') },
      /the head: found SHA-256/,
    )
  })

  it('refuses a head that is no head', () => {
    refuses({ headBytes: Buffer.from('{}') }, /the head: found .*no format/)
  })

  it('refuses a timestamp that does not say when it was issued', () => {
    refuses({ patch: { timestamp: { 'x-jarswarm': undefined } } }, /issued/)
    refuses({ patch: { timestamp: { 'x-jarswarm': null } } }, /issued/)
    refuses({ patch: { timestamp: { 'x-jarswarm': { issued: 'today' } } } }, /issued "today"/)
    refuses({ patch: { timestamp: { 'x-jarswarm': { issued: 7 } } } }, /issued 7/)
  })

  it('takes targets with mirrors, or without a list', () => {
    const trust = (targets: object): readonly string[] => {
      const trusted = repository.trust()
      trusted.accept(repository.manifest({ patch: { targets } }), NOW_MS)
      return trusted.mirrors
    }
    const mirrors = ['http://10.0.0.1:8080/maven/', 'https://mirror.example/']
    assert.deepEqual(trust({ 'x-jarswarm': { mirrors } }), mirrors)
    assert.deepEqual(trust({ 'x-jarswarm': { mirrors: [], later: 1 } }), [])
    const most = Array.from({ length: 32 }, (_, at) => `https://m${at + 10}.example/`)
    assert.deepEqual(trust({ 'x-jarswarm': { mirrors: most } }), most)
    const longest = `${'https://mirror.example/'.padEnd(511, 'a')}/`
    assert.deepEqual(trust({ 'x-jarswarm': { mirrors: [longest] } }), [longest])
    assert.deepEqual(trust({ 'x-jarswarm': {} }), [])
    assert.deepEqual(trust({}), [])
  })

  it('refuses a list of mirrors that is not of the one form', () => {
    const list = (mirrors: unknown, found: RegExp): void => {
      refuses({ patch: { targets: { 'x-jarswarm': { mirrors } } } }, found)
    }
    list('https://mirror.example/', /mirrors with no list/)
    list([7], /mirrors with 7/)
    list(['ftp://mirror.example/'], /mirrors with "ftp:/)
    list(['https://user:word@mirror.example/'], /mirrors with "https:\/\/user/)
    list(['https://mirror.example/?a'], /mirrors with "/)
    list(['https://mirror.example/#a'], /mirrors with "/)
    list(['https://mirror.example'], /mirrors with "https:\/\/mirror.example"/)
    list(['https://Mirror.example/'], /mirrors with "https:\/\/Mirror/)
    list(['https://mirror.example:443/'], /mirrors with "/)
    list([`https://mirror.example/${'a'.repeat(600)}/`], /mirrors with "/)
    list(['https://b.example/', 'https://a.example/'], /a\.example\/" after "/)
    list(['https://a.example/', 'https://a.example/'], /a\.example\/" after "/)
    const many = Array.from({ length: 33 }, (_, at) => `https://m${at + 10}.example/`)
    list(many, /mirrors with 33 mirrors/)
  })
})
