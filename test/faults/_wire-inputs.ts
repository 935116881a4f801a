import { parseMetadata, parsePath, parsePom } from '@jarswarm/maven'
import { formatProxiedClaim, parseProxiedClaim } from '@jarswarm/ports'
import { sha256 } from '@jarswarm/manifest'
import { isDeepStrictEqual } from 'node:util'
import { decodeFrames, encodeFrames } from '../../packages/swarm/src/exchange/frames.ts'
import {
  formatAnswer,
  formatBlobPayload,
  formatRequest,
  formatTilePayload,
  KIND,
  parseAnswer,
  parseBlobPayload,
  parseDigestPayload,
  parseNumberPayload,
  parseRequest,
  parseTilePayload,
} from '../../packages/swarm/src/exchange/message.ts'
import {
  formatProxiedQuery,
  parseProxiedQuery,
} from '../../packages/swarm/src/exchange/proxied-query.ts'
import { formatHello, parseHello } from '../../packages/swarm/src/holdings/hello.ts'
import { formatSummary, parseSummary } from '../../packages/swarm/src/holdings/summary.ts'
import { mustHold } from './_input.ts'
import type { InputKind } from './_input.ts'

const ID = sha256(Buffer.from('repository'))

/** What peers send, and the documents of Maven that a node reads for a hint. */
export async function wireInputs(): Promise<readonly InputKind[]> {
  return [...(await frames()), ...holdings(), ...proxied(), ...maven()]
}

async function frames(): Promise<readonly InputKind[]> {
  const payload = formatBlobPayload(ID, { offset: 0, length: 1000 })
  const request = formatRequest({ id: 7, kind: KIND.blob, repository: ID, payload })
  const tile = formatRequest({
    id: 8,
    kind: KIND.log,
    repository: ID,
    payload: formatTilePayload({ tile: 'tile/0/000', from: 7 }),
  })
  const answer = formatAnswer({ id: 7, status: 0, payload: Buffer.from('bytes') }).subarray()
  const stream = await gather(encodeFrames(chunks([request, tile, answer])))
  return [
    {
      name: 'exchange frame',
      samples: [Buffer.concat(stream)],
      // The library that reads the lengths refuses with its own classes; the stream is then cut.
      refusals: [
        'InvalidMessageLengthError',
        'InvalidDataLengthError',
        'InvalidDataLengthLengthError',
        'UnexpectedEOFError',
        'RangeError',
      ],
      async take(bytes) {
        const found = await gather(decodeFrames(chunks([bytes])))
        const gathered = found.reduce((sum, frame) => sum + frame.length, 0)
        mustHold(gathered <= bytes.length, 'more bytes than were sent')
        for (const frame of found) takeBody(frame)
        return true
      },
    },
    {
      name: 'exchange body',
      samples: [request, tile],
      refusals: [],
      take: takeBody,
    },
  ]
}

/** A body, as either side reads it. Refusals are `undefined` here: a peer gets an answer, not an error. */
function takeBody(bytes: Uint8Array): boolean {
  const answer = parseAnswer(bytes)
  mustHold(
    answer === undefined || Buffer.from(formatAnswer(answer).subarray()).equals(bytes),
    'an answer of two forms',
  )
  const request = parseRequest(bytes)
  if (request === undefined) return false
  mustHold(Buffer.from(formatRequest(request)).equals(bytes), 'a request of two forms')
  const { payload } = request
  const blob = parseBlobPayload(payload)
  mustHold(blob === undefined || blob.range.length <= 262_144, 'a range beyond the bound')
  const tile = parseTilePayload(payload)
  mustHold(tile?.tile.includes('..') !== true, 'a name that leads out')
  const known = [
    blob,
    tile,
    parseDigestPayload(payload),
    parseNumberPayload(payload),
    parseProxiedQuery(payload),
  ]
  return known.some((one) => one !== undefined)
}

function holdings(): readonly InputKind[] {
  const summary = {
    reset: true,
    completeToSeq: 12,
    added: Uint32Array.from({ length: 50 }, (_, place) => place * 80_000_000),
    removed: Uint32Array.of(1, 5, 4_000_000_000),
  }
  return [
    {
      name: 'summary',
      samples: [formatSummary(summary), formatSummary({ ...summary, completeToSeq: undefined })],
      refusals: [],
      take(bytes) {
        const found = parseSummary(bytes)
        if (found === undefined) return false
        const claims = found.added.length + found.removed.length
        mustHold(claims <= bytes.length, 'more claims than bytes')
        mustHold([found.added, found.removed].every(isAscending), 'claims out of order')
        return true
      },
    },
    {
      name: 'hello',
      samples: [formatHello({ bootstrap: true, repositories: [ID, sha256(Buffer.of(1))] })],
      refusals: [],
      take(bytes) {
        const found = parseHello(bytes)
        if (found === undefined) return false
        mustHold(
          isDeepStrictEqual(parseHello(formatHello(found)), found),
          'a hello of no one meaning',
        )
        return true
      },
    },
  ]
}

function proxied(): readonly InputKind[] {
  const checksum = { kind: 'sha1', hex: ID.slice(0, 40) } as const
  return [
    {
      name: 'query for a proxied file',
      samples: [formatProxiedQuery({ path: 'a/b/1/b-1.jar', checksum })],
      refusals: [],
      take(bytes) {
        const found = parseProxiedQuery(bytes)
        if (found === undefined) return false
        mustHold(Buffer.from(formatProxiedQuery(found)).equals(bytes), 'a query of two forms')
        return true
      },
    },
    {
      name: 'claim of a proxied file',
      samples: [formatProxiedClaim({ digest: ID, sizeBytes: 9 })],
      refusals: [],
      take(bytes) {
        const found = parseProxiedClaim(bytes)
        if (found === undefined) return false
        mustHold(Buffer.from(formatProxiedClaim(found)).equals(bytes), 'a claim of two forms')
        return true
      },
    },
  ]
}

function maven(): readonly InputKind[] {
  const dependency =
    '<dependency><groupId>a.b</groupId><artifactId>c</artifactId><version>${v}</version></dependency>'
  const pom = `<?xml version="1.0"?><project xmlns="x"><modelVersion>4.0.0</modelVersion><parent><groupId>p</groupId><artifactId>q</artifactId><version>1</version></parent><artifactId>x</artifactId><properties><v>1</v></properties><dependencies>${dependency.repeat(20)}</dependencies></project>`
  const metadata =
    '<metadata><groupId>a.b</groupId><artifactId>c</artifactId><versioning><latest>2</latest><release>2</release><versions><version>1</version><version>2</version></versions><lastUpdated>20260101000000</lastUpdated></versioning></metadata>'
  const take =
    (parse: (bytes: Uint8Array) => unknown) =>
    (bytes: Uint8Array): boolean => {
      const found = JSON.stringify(parse(bytes))
      // Nothing in a document grows: no entity, no repetition.
      mustHold(found.length <= 8 * bytes.length + 2_000, 'a document that grows')
      return true
    }
  return [
    {
      name: 'POM',
      samples: [Buffer.from(pom)],
      refusals: ['InvalidPomError'],
      take: take(parsePom),
    },
    {
      name: 'metadata',
      samples: [Buffer.from(metadata)],
      refusals: ['InvalidPomError'],
      take: take(parseMetadata),
    },
    {
      name: 'path',
      samples: ['org/clojure/clojure/1.12.0/clojure-1.12.0.jar', 'a/maven-metadata.xml'].map(
        (path) => Buffer.from(path),
      ),
      refusals: ['InvalidPathError'],
      take(bytes) {
        const path = parsePath(Buffer.from(bytes).toString('utf8'))
        mustHold(!/(^|\/)\.{0,2}(\/|$)|[\\%\u0000]/.test(path), 'a path that leads out')
        return true
      },
    },
  ]
}

function isAscending(claims: Uint32Array): boolean {
  return claims.every((claim, place) => place === 0 || (claims[place - 1] ?? 0) < claim)
}

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part)
}

async function gather(
  source: AsyncIterable<{ subarray(): Uint8Array }>,
): Promise<readonly Uint8Array[]> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part.subarray())
  return parts
}
