import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { SeededRandom } from './_random.ts'
import { readAnswers } from './_request-answers.ts'
import { plainDraft } from './_request-draft.ts'
import type { Draft } from './_request-draft.ts'
import { judgeAnswer } from './_request-oracle.ts'
import { hostilePlace } from './_request-target.ts'
import { nameByModel } from './_request-targets.ts'
import type { Site } from './_request-targets.ts'
import { drawTrial } from './_request-trial.ts'
import { tryRequests } from './requests.ts'
import { hostileTree } from './_tree-target.ts'

const RUNS = 300
const TREE_RUNS = 100
const SEED = 20_261_123
const FILE = 'a/b/1/b-1.jar'
const OTHER = 'a/b/2/b-2.jar'

const site: Site = {
  repository: 'sample',
  files: new Map([FILE, OTHER].map((path) => [path, Buffer.from(`bytes of ${path}`)])),
  published: new Map(),
  host: '127.0.0.1:1',
  publicHost: 'mirror.example',
}

describe('an endpoint', () => {
  it('answers what it must to hostile requests', { timeout: 120_000 }, async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const { statuses, maxMs } = await tryRequests(await hostilePlace(t), RUNS, SEED)
    for (const status of [200, 400, 403, 404, 421, 424, 431]) assert.ok(statuses.has(status))
    t.diagnostic(`slowest: ${String(maxMs)} ms of processor time`)
  })
})

describe('the server of a published tree', () => {
  it('answers what it must to hostile requests', { timeout: 120_000 }, async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const { statuses } = await tryRequests(await hostileTree(t), TREE_RUNS, SEED)
    for (const status of [200, 400, 404, 405, 431]) assert.ok(statuses.has(status))
  })
})

/** An answer that carries a file, as the wire has it. */
function answerWith(path: string, status = 200): Buffer {
  const bytes = site.files.get(path) ?? new Uint8Array()
  const hash = (name: string): string => createHash(name).update(bytes).digest('hex')
  const lines = [
    `HTTP/1.1 ${String(status)} OK`,
    `Content-Length: ${String(bytes.length)}`,
    `ETag: "{SHA1{${hash('sha1')}}}"`,
    `X-Checksum-SHA256: ${hash('sha256')}`,
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes])
}

function judge(bytes: Buffer, change: (draft: Draft) => unknown = () => undefined): void {
  const draft = plainDraft(`/sample/${FILE}`, site.host)
  change(draft)
  const [answer] = readAnswers(bytes, [draft.method])
  assert.ok(answer)
  judgeAnswer(answer, draft, site)
}

describe('the model of answers', () => {
  it('lets pass what is right', () => {
    judge(answerWith(FILE))
  })

  const wrong: readonly (readonly [string, Buffer, (draft: Draft) => unknown])[] = [
    ['the bytes of another path', answerWith(OTHER), () => undefined],
    ['an answer to a foreign page', answerWith(FILE), (draft) => draft.refusalsHere.add(403)],
    ['an answer to what is refused', answerWith(FILE), (draft) => draft.refusals.add(400)],
    ['an answer for a foreign host', answerWith(FILE), (draft) => (draft.hosts = ['evil.example'])],
    ['a part that nobody asked for', answerWith(FILE, 206), () => undefined],
    ['a refusal without a reason', answerWith(FILE, 400), () => undefined],
    ['what is not there', answerWith(FILE), (draft) => (draft.target = '/sample/a/b/3/b-3.jar')],
    [
      'what an unclean path leads to',
      answerWith(FILE),
      (draft) => (draft.target = `/x/../sample/${FILE}`),
    ],
  ]
  for (const [what, bytes, change] of wrong)
    it(`does not let pass ${what}`, () => {
      assert.throws(() => {
        judge(bytes, change)
      }, assert.AssertionError)
    })

  it('names one thing by each spelling', () => {
    const kindOf = (path: string): string => nameByModel(path, site, false).kind
    assert.equal(kindOf(`//sample///%61/b/1/b-1.jar?x`), 'file')
    assert.equal(kindOf(`/sample/${FILE}.sha512`), 'sidecar')
    for (const path of [`/sample/${FILE}/`, `/sample/${FILE}.sha1.sha1`, `/sample/%2e/${FILE}`])
      assert.equal(kindOf(path), 'nothing')
  })
})

describe('readAnswers', () => {
  const refused: readonly (readonly [string, string, method?: string])[] = [
    ['a short body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab'],
    ['a body without a length', 'HTTP/1.1 200 OK\r\n\r\nab'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a header twice', 'HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nContent-Length: 0\r\n\r\n'],
    ['bytes behind the last', 'HTTP/1.1 400 No\r\nConnection: close\r\n\r\nx'],
    ['a body behind HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 'HEAD'],
  ]
  for (const [what, text, method = 'GET'] of refused)
    it(`refuses ${what}`, () => {
      assert.throws(() => readAnswers(Buffer.from(text), [method]), assert.AssertionError)
    })
})

describe('drawTrial', () => {
  it('does the same for the same seed', () => {
    const draw = (): readonly string[] => {
      const random = new SeededRandom(7)
      return Array.from({ length: 50 }, () => drawTrial(random, site).pieces.join(''))
    }
    assert.deepEqual(draw(), draw())
  })
})
