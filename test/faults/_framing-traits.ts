// What makes two readers of one connection disagree on where a request ends: the ways of request smuggling.
import { mangle, pick, refuse } from './_request-draft.ts'
import type { Draft, Surroundings, Trait } from './_request-draft.ts'

/** Lines that state a length in ways that some believe and others do not; `inner` is the smuggled request. */
const DOUBTFUL_LENGTHS: readonly ((length: number) => readonly string[])[] = [
  (length) => [`Content-Length: ${String(length)}`],
  (length) => [`Content-Length: ${String(length)}`, `Content-Length: ${String(length)}`],
  (length) => [`Content-Length: ${String(length)}`, 'Content-Length: 0'],
  (length) => ['Content-Length: 0', `Content-Length: ${String(length)}`],
  (length) => [`Content-Length: ${String(length)}, ${String(length)}`],
  (length) => [`Content-Length: +${String(length)}`],
  (length) => [`Content-Length: 0x${length.toString(16)}`],
  (length) => [`Content-Length: ${String(length)} `],
  (length) => [`Content-Length : ${String(length)}`],
  (length) => [`Content-Length: ${String(length)};a`],
  (length) => [`Content-Length:\t${String(length)}`],
  (length) => [`content-length: 00${String(length)}`],
  (length) => [`Content-Length: ${String(length)}`, 'Transfer-Encoding: chunked'],
  (length) => ['Transfer-Encoding: chunked', `Content-Length: ${String(length)}`],
  (length) => ['Transfer-Encoding: identity', `Content-Length: ${String(length)}`],
  () => ['Content-Length: -1'],
  () => ['Content-Length: 99999999999999999999'],
  () => ['Content-Length: 18446744073709551616'],
  () => ['Content-Length: 1e3'],
  () => ['Content-Length:'],
  () => ['Content-Length: 00'],
]

const DOUBTFUL_ENCODINGS: readonly (readonly string[])[] = [
  ['Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked', 'Transfer-encoding: x'],
  ['Transfer-Encoding: xchunked'],
  ['Transfer-Encoding: x, chunked'],
  ['Transfer-Encoding: chunked, x'],
  ['Transfer-Encoding: chunked, chunked'],
  ['Transfer-Encoding:chunked'],
  ['Transfer-Encoding:\tchunked'],
  ['Transfer-Encoding: \x0bchunked'],
  ['Transfer-Encoding: chunked\x0c'],
  ['Transfer-Encoding : chunked'],
  ['Transfer-Encoding: "chunked"'],
  ['Transfer-Encoding: CHUNKED'],
  ['Transfer-Encoding: chunked;q=1'],
  ['Transfer-Encoding:'],
  ['X: a', ' Transfer-Encoding: chunked'],
  ['X: a\nTransfer-Encoding: chunked'],
  ['X: a\rTransfer-Encoding: chunked'],
  ['Transfer-Encoding:', ' chunked'],
  ['\x00Transfer-Encoding: chunked'],
]

/** Bodies that end where a sloppy reader does not see it, each followed by the smuggled request. */
const CHUNKS: readonly ((inner: string) => string)[] = [
  (inner) => `0\r\n\r\n${inner}`,
  (inner) => `0;a=b\r\n\r\n${inner}`,
  (inner) => `0;a="\r\n\r\n${inner}`,
  (inner) => `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n${inner}`,
  (inner) => `2;\nxx\r\n0\r\n\r\n${inner}`,
  (inner) => `1\nx\n0\n\n${inner}`,
  (inner) => `1 \r\nx\r\n0\r\n\r\n${inner}`,
  (inner) => `01\r\nx\r\n0\r\n\r\n${inner}`,
  (inner) => `0x1\r\nx\r\n0\r\n\r\n${inner}`,
  (inner) => `-1\r\nx\r\n0\r\n\r\n${inner}`,
  (inner) => `+1\r\nx\r\n0\r\n\r\n${inner}`,
  (inner) => `1\r\nxx0\r\n\r\n${inner}`,
  (inner) => `1\r\nx0\r\n\r\n${inner}`,
  (inner) => `FFFFFFFFFFFFFFFFF\r\n${inner}`,
  (inner) => `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
  (inner) => `0\r\nContent-Length: 5\r\nHost: evil.example\r\n\r\n${inner}`,
  (inner) => `0\r\n${inner}`,
  (inner) => `0\n\n${inner}`,
  (inner) => `\r\n0\r\n\r\n${inner}`,
  (inner) => `0${'0'.repeat(5_000)}\r\n\r\n${inner}`,
  (inner) => inner,
]

/** A read announces no body; what announces one in any way is refused, and the connection ends. */
function bodied(draft: Draft, lines: readonly string[], body: string): void {
  draft.lines.push(...lines)
  draft.body = body
  draft.closes = true
  refuse(draft, 400)
}

export const FRAMING_TRAITS: readonly Trait[] = [
  doubtfulLength,
  doubtfulEncoding,
  doubtfulChunks,
  bothLengths,
  bodyOfAWrite,
  bodyAnnouncedBehindManyHeaders,
  endsOfLines,
  requestLine,
  twoSpacesInTheRequestLine,
]

function doubtfulLength(draft: Draft, around: Surroundings): void {
  const { inner } = around
  bodied(draft, pick(DOUBTFUL_LENGTHS, around)(inner.length), inner)
}

function doubtfulEncoding(draft: Draft, around: Surroundings): void {
  bodied(draft, pick(DOUBTFUL_ENCODINGS, around), `0\r\n\r\n${around.inner}`)
}

function doubtfulChunks(draft: Draft, around: Surroundings): void {
  bodied(draft, ['Transfer-Encoding: chunked'], pick(CHUNKS, around)(around.inner))
  refuse(draft, 413)
}

function bothLengths(draft: Draft, around: Surroundings): void {
  const body = pick(CHUNKS, around)(around.inner)
  const lines = [`Content-Length: ${String(pick([0, 3, 4, body.length], around))}`]
  bodied(draft, [...lines, ...pick(DOUBTFUL_ENCODINGS, around)], body)
  refuse(draft, 413)
}

function bodyOfAWrite(draft: Draft, around: Surroundings): void {
  draft.method = pick(['POST', 'PUT', 'PATCH', 'DELETE'], around)
  bodied(draft, pick(DOUBTFUL_LENGTHS, around)(around.inner.length), around.inner)
  refuse(draft, 405)
}

function bodyAnnouncedBehindManyHeaders(draft: Draft, around: Surroundings): void {
  const many = Array.from({ length: 100 }, (_, at) => `X-${String(at)}: a`)
  const lines = pick(DOUBTFUL_LENGTHS, around)(around.inner.length)
  bodied(draft, [...many, ...lines], around.inner)
  refuse(draft, 431)
}

function endsOfLines(draft: Draft, around: Surroundings): void {
  const mangles: readonly ((head: string) => string)[] = [
    (head) => head.replaceAll('\r\n', '\n'),
    (head) => head.replaceAll('\r\n', '\r'),
    (head) => head.replace('\r\n', '\n'),
    (head) => head.replace(/\r\n\r\n$/, '\r\n\n'),
    (head) => head.replace(/\r\n\r\n$/, '\n\r\n'),
    (head) => head.replace(/\r\n\r\n$/, '\r\r\n\r\n'),
    (head) => head.replace('\r\n', '\r\n '),
    (head) => head.replace('\r\n', '\r\n\t\r\n'),
    (head) => head.replace('\r\n', '\r\n\r\n'),
  ]
  mangle(draft, pick(mangles, around))
  draft.body = around.inner
  draft.closes = true
  refuse(draft, 400)
}

function requestLine(draft: Draft, around: Surroundings): void {
  const mangles: readonly ((head: string) => string)[] = [
    (head) => head.replace(' ', '\t'),
    (head) => head.replace(' HTTP/', '\tHTTP/'),
    (head) => head.replace(' HTTP/', ' x HTTP/'),
    (head) => head.replace(/ HTTP\/[\d.]+/, ''),
    (head) => head.replace(/HTTP\/[\d.]+/, 'HTTP/1.1x'),
    (head) => head.replace(/HTTP\/[\d.]+/, 'http/1.1'),
    (head) => head.replace(/HTTP\/[\d.]+/, 'HTTP/1.10'),
    (head) => head.replace(/HTTP\/[\d.]+/, 'HTTP/9.9'),
    (head) => head.replace(/HTTP\/[\d.]+/, 'ICE/1.0'),
    (head) => head.replace(/HTTP\/[\d.]+/, 'HTTP/1.1\rX: a'),
    (head) => ` ${head}`,
    (head) => `\0${head}`,
    (head) => `\x16\x03\x01\x02\x00\x01${head}`,
    (head) => `PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n${head}`,
    (head) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${head}`,
  ]
  mangle(draft, pick(mangles, around))
  draft.closes = true
  refuse(draft, 400)
}

function twoSpacesInTheRequestLine(draft: Draft): void {
  mangle(draft, (head) => head.replace(' ', '  '))
  draft.may.add(400)
}
