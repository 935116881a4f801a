import type { ArtifactContent, ByteRange, SourceKind } from '@jarswarm/ports'

/** What an answer carries. A stream must be released by whoever sends the answer. */
export type AnswerBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly content: ArtifactContent; readonly range: ByteRange }
  /** No body by the rules of HTTP: 304. */
  | { readonly kind: 'none' }

/** An answer before it is written. `Content-Length` follows from the body. */
export interface Answer {
  readonly status: number
  /** Raw text; it is made fit for the status line when written. */
  readonly phrase?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: AnswerBody
  /** Set when an artifact's bytes are sent, or would be for GET. */
  readonly source?: SourceKind
  /** Whether it came from an observed repository without being in the signed index. */
  readonly unindexed?: boolean
}

/** An answer from memory. */
export function toAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Answer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return { status, headers, body: { kind: 'bytes', bytes } }
}
