// Header sets of hostile requests: each says by itself what must or may come of it.
import { pick, refuse } from './_request-draft.ts'
import type { AskedRange, Draft, Surroundings, Trait } from './_request-draft.ts'

/** Several ranges, or none that counts: the whole file, of which nothing may be wanted that it has not. */
const WHOLE: AskedRange = (size) => (size > 0 ? 'whole' : 'unsatisfiable')

/** Range headers, and what they ask for by RFC 9110: what it lets a server ignore gets the whole file. */
const RANGES: readonly (readonly [string, AskedRange])[] = [
  ['bytes=0-0', (size) => (size > 0 ? [0, 0] : 'unsatisfiable')],
  ['bytes=1-', (size) => (size > 1 ? [1, size - 1] : 'unsatisfiable')],
  ['bytes=-1', (size) => (size > 0 ? [size - 1, size - 1] : 'unsatisfiable')],
  ['bytes=-999999999999', (size) => (size > 0 ? [0, size - 1] : 'unsatisfiable')],
  ['bytes=0-999999999999', (size) => (size > 0 ? [0, size - 1] : 'unsatisfiable')],
  ['bytes=999999999999-', () => 'unsatisfiable'],
  ['bytes=99999999999999999999999-', () => 'unsatisfiable'],
  ['bytes=-0', () => 'unsatisfiable'],
  ['bytes=5-2', () => 'unsatisfiable'],
  ['bytes=-', () => 'unsatisfiable'],
  ['bytes=', () => 'unsatisfiable'],
  ['bytes=a-b', () => 'unsatisfiable'],
  ['bytes=0x0-0x1', () => 'unsatisfiable'],
  ['bytes=1.5-2', () => 'unsatisfiable'],
  ['bytes=--1', () => 'unsatisfiable'],
  ['bytes=0-1,3-4', WHOLE],
  [`bytes=${Array.from({ length: 1_200 }, (_, at) => `${String(at)}-`).join(',')}`, WHOLE],
  [`bytes=${Array(1_300).fill('0-').join(',')}`, WHOLE],
  ['items=0-1', WHOLE],
  ['0-1', WHOLE],
  ['', WHOLE],
]

/** Conditions, and what they may lead to beside the file. */
const CONDITIONS: readonly (readonly [string, ...(readonly number[])])[] = [
  ['If-None-Match: *', 304],
  ['If-None-Match: "x"'],
  ['If-None-Match: W/"{SHA1{0000000000000000000000000000000000000000}}"'],
  [`If-None-Match: ${'"a",'.repeat(3_000)}"b"`],
  ['If-Match: *'],
  ['If-Match: "x"', 412],
  ['If-Match:', 412],
  ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT', 304],
  ['If-Modified-Since: yesterday'],
  ['If-Modified-Since: 99999999999999', 304],
  ['If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT', 412],
  ['If-Unmodified-Since: \xff'],
  ['If-Range: "x"'],
  ['If-Range: *'],
]

/** What no answer depends on. */
const HARMLESS: readonly (readonly string[])[] = [
  ['Cache-Control: no-cache, no-store', 'Pragma: no-cache'],
  ['Accept-Encoding: gzip, deflate, br, zstd, *;q=0'],
  ['X-Forwarded-Host: evil.example', 'X-Original-URL: /-/metrics', 'X-Rewrite-URL: /'],
  ['X-HTTP-Method-Override: DELETE'],
  ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'],
  ['Connection: Host, Sec-Fetch-Site, Content-Length'],
  ['TE: trailers', 'Trailer: Content-Length'],
  ['Authorization: Basic Og=='],
  [`Cookie: ${'a=b; '.repeat(1_000)}`],
  ['Accept: \xff\xfe\x80'],
  ['__proto__: x', 'constructor: x', 'toString: x', 'hasOwnProperty: x'],
  ['Max-Forwards: 0'],
  ['Transfer_Encoding: chunked', 'Content_Length: 5', 'X-Content-Length: 5'],
  ['Expect: 100-continue'],
  ['Expect: 100-continue, x'],
  ['Expect: the unexpected'],
  ['Expect: \xff'],
  ['Keep-Alive: timeout=99999999, max=0'],
  ['Content-Length: 0'],
  ['Content-Type: application/x-www-form-urlencoded', 'Content-Encoding: gzip'],
  ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: no-cors'],
  ['Sec-Fetch-Site: same-origin'],
  ['Access-Control-Request-Method: PUT', 'Access-Control-Request-Headers: x'],
  ['Service-Worker: script', 'Purpose: prefetch'],
]

/** What the parser must not let through. */
const MALFORMED: readonly (readonly string[])[] = [
  ['X: a', ' folded'],
  ['X: a', '\tfolded'],
  ['X : a'],
  ['X\t: a'],
  [': a'],
  ['X'],
  ['X: a\0b'],
  ['X: a\rb'],
  ['X: a\nb'],
  ['X\x80: a'],
  ['X(: a'],
  ['X/Y: a'],
  ['X Y: a'],
  ['"X": a'],
  ['X: \x01'],
  ['X: \x7f'],
]

const FOREIGN: readonly (readonly string[])[] = [
  ['Origin: https://evil.example'],
  ['Origin: null'],
  ['Origin:'],
  ['Origin: http://127.0.0.1'],
  ['Origin: http://localhost:1'],
  ['Origin: http://127.0.0.1.evil.example'],
  ['Origin: file://'],
  ['Origin: http://[::1'],
  ['Sec-Fetch-Site: cross-site'],
  ['Sec-Fetch-Site: same-site'],
  ['Sec-Fetch-Site:'],
  ['Sec-Fetch-Site: SAME-ORIGIN'],
  ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Site: same-origin'],
  ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'],
  ['Sec-Fetch-Site: same-origin', 'Origin: https://evil.example'],
]

export const HEADER_TRAITS: readonly Trait[] = [
  range,
  condition,
  harmless,
  malformed,
  foreignPage,
  passedOnByAProxy,
  foreignPageBehindManyHeaders,
  hugeHeaders,
  manyHeaders,
  method,
  theLastRequestAndThenAnotherOne,
  version,
  host,
]

function range(draft: Draft, around: Surroundings): void {
  const [value, range] = pick(RANGES, around)
  draft.lines.push(`Range: ${value}`)
  draft.range = range
}

function condition(draft: Draft, around: Surroundings): void {
  const [line, ...statuses] = pick(CONDITIONS, around)
  draft.lines.push(line)
  for (const status of statuses) draft.may.add(status)
}

function harmless(draft: Draft, around: Surroundings): void {
  draft.lines.push(...pick(HARMLESS, around))
}

function malformed(draft: Draft, around: Surroundings): void {
  draft.lines.push(...pick(MALFORMED, around))
  draft.closes = true
  refuse(draft, 400)
}

function foreignPage(draft: Draft, around: Surroundings): void {
  draft.lines.push(...pick(FOREIGN, around))
  draft.refusalsHere.add(403)
}

function passedOnByAProxy(draft: Draft, around: Surroundings): void {
  const names = ['Via', 'Forwarded', 'X-Forwarded-For', 'X-Real-IP']
  draft.lines.push(`${pick(names, around)}: 127.0.0.1`)
  draft.refusalsHere.add(421)
}

function foreignPageBehindManyHeaders(draft: Draft, around: Surroundings): void {
  draft.lines.push(...Array.from({ length: 120 }, (_, at) => `X-${String(at)}: a`))
  draft.lines.push(...pick(FOREIGN, around))
  refuse(draft, 403, 431)
}

function hugeHeaders(draft: Draft, around: Surroundings): void {
  draft.lines.push(pick([`X: ${'x'.repeat(17_000)}`, `${'x'.repeat(17_000)}: a`], around))
  draft.closes = true
  refuse(draft, 431)
}

function manyHeaders(draft: Draft): void {
  draft.lines.push(...Array.from({ length: 3_000 }, () => 'X: a'))
  refuse(draft, 431)
}

function method(draft: Draft, around: Surroundings): void {
  const known = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SOURCE']
  const unknown = ['get', 'GETS', 'G\0T', 'GET\t', 'M-SEARCH\0', 'A'.repeat(9_000), '', '"GET"']
  if (around.random.below(2) === 0) {
    draft.method = 'HEAD'
  } else if (around.random.below(2) === 0) {
    draft.method = pick(known, around)
    refuse(draft, 405)
  } else {
    draft.method = pick(['CONNECT', ...unknown], around)
    draft.closes = true
    refuse(draft, 400, 405, 431)
  }
}

function theLastRequestAndThenAnotherOne(draft: Draft): void {
  draft.lines.push('Connection: keep-alive, close')
  draft.may.add(400)
}

function version(draft: Draft, around: Surroundings): void {
  draft.version = pick(['HTTP/1.0', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0'], around)
  if (draft.version === 'HTTP/1.0') {
    if (around.random.below(2) === 0) draft.lines.push('Connection: keep-alive')
    draft.may.add(400)
  } else {
    draft.closes = true
    refuse(draft, 400)
  }
}

function host(draft: Draft, around: Surroundings): void {
  const { host, publicHost } = around.site
  const port = host.slice(host.lastIndexOf(':'))
  const hosts: readonly string[][] = [
    ...[['evil.example'], [`evil.example${port}`], ['127.0.0.1'], ['localhost'], ['']],
    ...[[`127.0.0.1.evil.example${port}`], [`${host}.`], [`${host} `], [`user@${host}`]],
    ...[
      [`localhost${port}`],
      [`LOCALHOST${port}`],
      [`[::1]${port}`],
      [`[::ffff:127.0.0.1]${port}`],
    ],
    ...[[`0.0.0.0${port}`], [`127.1${port}`], [`2130706433${port}`], [`localhost.${port}`]],
    ...[[publicHost], [`${publicHost}:80`], [`${publicHost}:81`], [publicHost.toUpperCase()]],
    ...[[host, host], [host, 'evil.example'], ['evil.example', host], [`${host}, evil.example`]],
    ...[[], [`${host}/`], [`${host}#`], [`http://${host}`], ['\xff'], [`${host}:${host}`]],
  ]
  draft.hosts = pick(hosts, around)
}
