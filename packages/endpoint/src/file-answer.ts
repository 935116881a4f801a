import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { IndexEntry } from '@jarswarm/manifest'
import type { ArrivingArtifact, ByteRange } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { toAnswer } from './answer.ts'
import { contentTypeOf } from './content-type.ts'
import { RefusedRequestError } from './errors.ts'
import type { OpenBlob } from './hot-blobs.ts'
import { allowsRange, evaluatePreconditions, toHttpDate } from './preconditions.ts'
import type { Validators } from './preconditions.ts'
import { selectRange } from './range-selection.ts'

const RELEASE_CACHING = 'public, max-age=31536000, immutable'
const MUTABLE_CACHING = 'no-cache'

type Headers = Readonly<Record<string, string>>

/** A file as HTTP sees it, before its bytes are here. */
export interface FileFacts extends Validators {
  readonly name: string
  readonly sizeBytes: number
  readonly mutable: boolean
  /** All that its answer has, whole or in part, wherever the bytes come from. */
  readonly headers: Headers
}

/** Facts of an artifact, all from the index: the same on every node and every run. */
export function artifactFacts(entry: IndexEntry, mutable: boolean): FileFacts {
  const file = {
    name: entry.path,
    sizeBytes: entry.sizeBytes,
    mutable,
    etag: sha1Tag(entry.sha1),
    lastModifiedSeconds: entry.mtimeSeconds,
  }
  return toFacts(file, { 'X-Checksum-SHA1': entry.sha1, 'X-Checksum-SHA256': entry.digest })
}

/** Facts of a file that is on its way, as its origin states them. */
export function arrivingFacts(found: ArrivingArtifact): FileFacts {
  const file = {
    name: found.path,
    sizeBytes: found.sizeBytes,
    mutable: found.mutable,
    etag: sha1Tag(found.sha1),
    lastModifiedSeconds: found.mtimeSeconds,
  }
  return toFacts(file, { 'X-Checksum-SHA1': found.sha1 })
}

/** Facts of a sidecar, which changes when its file does. */
export function sidecarFacts(
  file: FileFacts,
  { name, text }: { readonly name: string; readonly text: string },
  more: Headers,
): FileFacts {
  const sha1 = createHash('sha1').update(text).digest('hex')
  return toFacts({ ...file, name, sizeBytes: text.length, etag: sha1Tag(sha1) }, more)
}

/** The answer when the request's conditions spare the bytes: 304, 412 or 416; else undefined. */
export function answerWithoutBytes(
  request: { readonly method: string; readonly headers: IncomingHttpHeaders },
  file: FileFacts,
): Answer | undefined {
  switch (evaluatePreconditions(request.headers, file)) {
    case 'failed':
      throw new RefusedRequestError(412, 'The file is not the one that the condition names')
    case 'unmodified':
      return { status: 304, headers: validatorHeaders(file), body: { kind: 'none' } }
    case 'send':
      break
  }
  if (requestedRange(request, file).kind === 'unsatisfiable')
    throw new RefusedRequestError(416, `The range lies outside of the ${file.sizeBytes} bytes`, {
      'Content-Range': `bytes */${file.sizeBytes}`,
      'Accept-Ranges': 'bytes',
    })
  return undefined
}

/** The answer that carries a file, whole or in part. */
export function answerFile(
  request: { readonly method: string; readonly headers: IncomingHttpHeaders },
  file: FileFacts,
  blob: OpenBlob,
): Answer {
  const selection = requestedRange(request, file)
  const { headers } = file
  if (selection.kind !== 'part') {
    const range = { offset: 0, length: file.sizeBytes }
    return { ...partOf(blob, range), status: 200, headers }
  }
  const last = selection.offset + selection.length - 1
  return {
    ...partOf(blob, selection),
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${selection.offset}-${last}/${file.sizeBytes}` },
  }
}

/** The answer that carries a sidecar. It has no `X-Jarswarm-Source`, for it was derived here. */
export function answerText(
  request: { readonly method: string; readonly headers: IncomingHttpHeaders },
  file: FileFacts,
  text: string,
): Answer {
  const selection = requestedRange(request, file)
  if (selection.kind !== 'part') return toAnswer(200, file.headers, text)
  const end = selection.offset + selection.length
  const headers = {
    ...file.headers,
    'Content-Range': `bytes ${selection.offset}-${end - 1}/${file.sizeBytes}`,
  }
  return toAnswer(206, headers, text.slice(selection.offset, end))
}

function requestedRange(
  request: { readonly method: string; readonly headers: IncomingHttpHeaders },
  file: FileFacts,
): ReturnType<typeof selectRange> {
  // RFC 9110, 14.2: only GET has ranges.
  if (request.method !== 'GET' || !allowsRange(request.headers, file)) return { kind: 'whole' }
  return selectRange(request.headers.range, file.sizeBytes)
}

function partOf(blob: OpenBlob, range: ByteRange): Pick<Answer, 'body' | 'source'> {
  if (blob.kind === 'stream')
    return { source: blob.source, body: { kind: 'stream', content: blob.content, range } }
  const isWhole = range.length === blob.bytes.length
  const bytes = isWhole
    ? blob.bytes
    : blob.bytes.subarray(range.offset, range.offset + range.length)
  return { source: blob.source, body: { kind: 'bytes', bytes } }
}

function validatorHeaders(file: Omit<FileFacts, 'headers'>): Record<string, string> {
  return {
    ETag: file.etag,
    'Last-Modified': toHttpDate(file.lastModifiedSeconds),
    'Cache-Control': file.mutable ? MUTABLE_CACHING : RELEASE_CACHING,
  }
}

/** @param more headers beside those of every file */
function toFacts(file: Omit<FileFacts, 'headers'>, more: Headers): FileFacts {
  const headers = {
    'Content-Type': contentTypeOf(file.name),
    ...validatorHeaders(file),
    'Accept-Ranges': 'bytes',
    // XML can carry scripts: opened in a browser, a file of the repository must not act on this origin.
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    ...more,
  }
  return { ...file, headers }
}

/** The form that maven-resolver reads a SHA-1 from, which saves its clients the sidecar request. */
function sha1Tag(sha1: string): string {
  return `"{SHA1{${sha1}}}"`
}
