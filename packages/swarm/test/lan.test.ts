import { parseProxiedClaim } from '@jarswarm/ports'
import type { LanContent, ProxiedQuery } from '@jarswarm/ports'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBlobPayload, KIND, STATUS } from '../src/exchange/message.ts'
import { formatProxiedQuery, parseProxiedQuery } from '../src/exchange/proxied-query.ts'
import type { Reply } from '../src/exchange/responder.ts'
import { MAX_PROXIED_PATH_BYTES } from '../src/limits.ts'
import { answererWith } from './_answerer.ts'
import { REPOSITORY } from './_nodes.ts'

const PROXIED = '77'.repeat(32)
const DIGEST = '11'.repeat(32)
const QUERY: ProxiedQuery = {
  path: 'org/a/b/1/b-1.jar',
  checksum: { kind: 'sha1', hex: '22'.repeat(20) },
}
const FIND = { kind: KIND.proxied, payload: formatProxiedQuery(QUERY) }
const READ = {
  kind: KIND.blob,
  payload: formatBlobPayload(DIGEST, { offset: 0, length: 3 }),
}

const LAN: LanContent = {
  proxies: (repository) => repository === PROXIED,
  find: (_repository, query) => {
    assert.deepEqual(query, QUERY)
    return Promise.resolve({ digest: DIGEST, sizeBytes: 3 })
  },
  readBlob: () => Promise.resolve(Buffer.from('jar')),
}

interface Asked {
  readonly kind: number
  readonly payload: Uint8Array
  readonly repository?: string
}

interface Rules {
  readonly isLocal?: boolean
  readonly shares?: boolean
  readonly lan?: LanContent | undefined
}

async function answer(asked: Asked, rules: Rules = {}): Promise<Reply> {
  const { isLocal = true, shares = true } = rules
  const answerer = answererWith({
    lan: 'lan' in rules ? rules.lan : LAN,
    isLocal: () => isLocal,
    shares: () => shares,
  })
  return await answerer.answer('peer', { id: 1, repository: PROXIED, ...asked })
}

describe('a file of a proxied repository', () => {
  it('is named and given to a local peer', async () => {
    const found = await answer(FIND)
    assert.equal(found.status, STATUS.ok)
    assert.deepEqual(parseProxiedClaim(found.payload.slice()), { digest: DIGEST, sizeBytes: 3 })
    const read = await answer(READ)
    assert.equal(read.status, STATUS.ok)
    assert.deepEqual(read.payload.slice(), Buffer.from('jar'))
  })

  const NOBODY: Readonly<Record<string, Rules>> = {
    'a peer beyond the LAN': { isLocal: false },
    'anybody when nothing is shared': { shares: false },
    'anybody when nothing is proxied': { lan: undefined },
  }
  for (const [who, rules] of Object.entries(NOBODY)) {
    it(`is not given to ${who}`, async () => {
      for (const asked of [FIND, READ]) {
        assert.equal((await answer(asked, rules)).status, STATUS.notHeld)
      }
    })
  }

  it('is no file of another repository, followed or not', async () => {
    for (const repository of ['99'.repeat(32), REPOSITORY]) {
      const found = await answer({ ...FIND, repository })
      assert.notEqual(found.status, STATUS.ok)
    }
  })

  it('is all that there is of a proxied repository', async () => {
    for (const kind of [KIND.object, KIND.manifest, KIND.root, KIND.log, KIND.holdings]) {
      assert.equal((await answer({ kind, payload: Buffer.alloc(32) })).status, STATUS.notHeld)
    }
  })

  it('is asked for in a form of its own with a path of MAX_PROXIED_PATH_BYTES, and in no other', async () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', '/', '-', '.', '1'), {
        minLength: 1,
        maxLength: MAX_PROXIED_PATH_BYTES,
      })
      .map((letters) => letters.join(''))
    const kinds = [
      ['sha512', 64],
      ['sha256', 32],
      ['sha1', 20],
    ] as const
    const checksum = fc
      .constantFrom(...kinds)
      .chain(([kind, bytes]) =>
        fc
          .uint8Array({ minLength: bytes, maxLength: bytes })
          .map((found) => ({ kind, hex: Buffer.from(found).toString('hex') })),
      )
    fc.assert(
      fc.property(path, checksum, (asked, sum) => {
        const query = { path: asked, checksum: sum }
        assert.deepEqual(parseProxiedQuery(formatProxiedQuery(query)), query)
      }),
    )
    const { path: name, checksum: sum } = QUERY
    const payload = formatProxiedQuery(QUERY)
    const long = formatProxiedQuery({
      path: name.padEnd(MAX_PROXIED_PATH_BYTES + 1, 'x'),
      checksum: sum,
    })
    const unknown = Uint8Array.from(payload)
    unknown[0] = 4
    for (const bad of [new Uint8Array(0), payload.subarray(0, 21), long, unknown]) {
      assert.equal(parseProxiedQuery(bad), undefined)
      assert.equal((await answer({ kind: KIND.proxied, payload: bad })).status, STATUS.badRequest)
    }
    for (const bad of [Buffer.alloc(39), Buffer.alloc(40, 0xff)]) {
      assert.equal(parseProxiedClaim(bad), undefined)
    }
  })
})
