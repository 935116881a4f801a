// What may be answered to a hostile request. Worked out from what was sent and what was published, by other means than the
// endpoint's; what is refused for several reasons may be refused for any of them.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ReadAnswer } from './_request-answers.ts'
import { writeDraft } from './_request-draft.ts'
import type { Draft } from './_request-draft.ts'
import { nameByModel, splitByModel } from './_request-targets.ts'
import type { Named, Site } from './_request-targets.ts'

/** Bound of a head; what is a little below may be counted otherwise by a parser. */
const LONG_HEAD_BYTES = 15_000
/** A refusal is a line. */
export const MAX_REFUSAL_BYTES = 400
/** What may come of an odd request, whatever it names. */
const ALWAYS_POSSIBLE: readonly number[] = [400, 431]

/** Fail unless an answer is one that the request may have. */
export function judgeAnswer(answer: ReadAnswer, draft: Draft, site: Site): void {
  const { status, headers, body } = answer
  for (const name of ['access-control-allow-origin', 'location', 'set-cookie'])
    assert.ok(!headers.has(name), `${name} in an answer`)
  const { refusals, named } = expectation(draft, site)
  const odd = ALWAYS_POSSIBLE.filter((one) => draft.may.has(one))
  if (/[^\x21-\x7e]/.test(draft.target)) odd.push(400)
  if (writeDraft(draft).length > LONG_HEAD_BYTES) odd.push(431)
  if (refusals.size === 0 && !odd.includes(status)) {
    judgeNamed(answer, draft, named)
    return
  }
  const allowed = [...refusals, ...odd]
  assert.ok(allowed.includes(status), `${String(status)}, wanted one of ${allowed.join(' ')}`)
  assert.ok(body.length <= MAX_REFUSAL_BYTES, 'a refusal that carries something')
}

/** Reasons to refuse, and else what is asked for. */
function expectation(
  draft: Draft,
  site: Site,
): { readonly refusals: ReadonlySet<number>; readonly named: Named } {
  const refusals = new Set(draft.refusals)
  const { authority, path } = splitByModel(draft.target) ?? { authority: '', path: '/' }
  if (/^$|[^\w.:[\]-]/.test(authority ?? 'none')) refusals.add(400)
  if (draft.hosts.length !== 1) refusals.add(400)
  const place = placeOf(authority ?? draft.hosts[0] ?? '', site)
  if (place === undefined) refusals.add(421)
  if (place === 'node') for (const status of draft.refusalsHere) refusals.add(status)
  const named = nameByModel(path, site, place === 'public')
  if (named.kind === 'nothing' && named.status === 400) refusals.add(400)
  return { refusals, named }
}

/** Whom a host names: the node, its public URL, or somebody else. */
function placeOf(host: string, site: Site): 'node' | 'public' | undefined {
  const lower = host.trim().toLowerCase()
  if ([site.publicHost, `${site.publicHost}:80`].includes(lower)) return 'public'
  const port = site.host.slice(site.host.lastIndexOf(':'))
  const names = ['127.0.0.1', 'localhost', '[::1]']
  return names.some((name) => lower === name + port) ? 'node' : undefined
}

function judgeNamed(answer: ReadAnswer, draft: Draft, named: Named): void {
  const { status } = answer
  switch (named.kind) {
    case 'nothing':
      assert.equal(status, named.status)
      assert.ok(answer.body.length <= MAX_REFUSAL_BYTES, 'a refusal that carries something')
      return
    case 'page':
      assert.equal(status, 200)
      return
    case 'published':
      if (status === 304 && draft.may.has(304)) return
      assert.equal(status, 200)
      judgeWhole(answer, draft, named.bytes)
      return
    case 'file':
    case 'sidecar':
      judgeFile(answer, draft, named)
  }
}

function judgeFile(
  answer: ReadAnswer,
  draft: Draft,
  { kind, bytes }: { readonly kind: string; readonly bytes: Uint8Array },
): void {
  const { status, headers } = answer
  if (kind === 'file' && [200, 206].includes(status)) {
    assert.equal(headers.get('etag'), `"{SHA1{${hash('sha1', bytes)}}}"`)
    assert.equal(headers.get('x-checksum-sha256'), hash('sha256', bytes))
  }
  judgeBytes(answer, draft, bytes)
}

/** Fail unless an answer is one that a file may have: all of it, the range that is asked for, or none by its conditions. */
export function judgeBytes(answer: ReadAnswer, draft: Draft, bytes: Uint8Array): void {
  const { status, headers } = answer
  const asked = draft.method === 'GET' ? draft.range?.(bytes.length) : undefined
  if (status === 416) {
    assert.equal(asked, 'unsatisfiable')
    return
  }
  if (status === 304 || status === 412) {
    assert.ok(draft.may.has(status), `${String(status)} without its condition`)
    return
  }
  if (status === 200) {
    judgeWhole(answer, draft, bytes)
    return
  }
  assert.equal(status, 206)
  assert.ok(Array.isArray(asked), '206 of what is no range')
  const [first, last] = asked as [number, number]
  const range = `bytes ${String(first)}-${String(last)}/${String(bytes.length)}`
  assert.equal(headers.get('content-range'), range)
  assert.ok(answer.body.equals(bytes.subarray(first, last + 1)), 'other bytes than the range')
}

function judgeWhole({ headers, body }: ReadAnswer, draft: Draft, bytes: Uint8Array): void {
  assert.equal(headers.get('content-length'), String(bytes.length))
  if (draft.method === 'HEAD') return
  assert.equal(hash('sha256', body), hash('sha256', bytes), 'other bytes than the path names')
}

function hash(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
