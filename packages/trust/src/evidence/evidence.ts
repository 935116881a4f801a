/**
 * Evidence: signed things of which only one can be true, together with all that is needed to see that. One JSON
 * document; bytes are base64.
 *
 *     {"format":"jarswarm evidence 1","kind":"…","roots":["…", …], …}
 *
 *     kind                members beside the roots, 1.root.json first
 *     two-roots           first, second: roots of one number, both signed as successors of the last of the roots
 *     two-stories         first, second: root manifests
 *     rewritten-history   first, second: root manifests; root, proof: what the second says the first's history was
 *     second-digest       path; first, second: statements about its bytes
 *
 * A statement is {"manifest", "nodes"}: index nodes from the root to the path's directory; or {"manifest", "line",
 * "index", "proof"}: a line of the history with its proof of inclusion.
 */
import { isDigest } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { InvalidEvidenceError } from '../errors.ts'
import { MAX_EVIDENCE_BYTES } from '../limits.ts'

/** Says, in a signed head, which bytes a path has. */
export type EvidenceStatement =
  | { readonly manifest: Uint8Array; readonly nodes: readonly Uint8Array[] }
  | {
      readonly manifest: Uint8Array
      readonly line: Uint8Array
      readonly index: number
      readonly proof: readonly Digest[]
    }

/** What contradicts itself. */
export type Contradiction =
  | { readonly kind: 'two-roots'; readonly first: Uint8Array; readonly second: Uint8Array }
  | { readonly kind: 'two-stories'; readonly first: Uint8Array; readonly second: Uint8Array }
  | {
      readonly kind: 'rewritten-history'
      readonly first: Uint8Array
      readonly second: Uint8Array
      /** Root of the second's history when it was as long as the first's. */
      readonly root: Digest
      /** That the second's history continues that one. */
      readonly proof: readonly Digest[]
    }
  | {
      readonly kind: 'second-digest'
      readonly path: string
      readonly first: EvidenceStatement
      readonly second: EvidenceStatement
    }

/** A contradiction and the roots whose keys signed it. */
export type Evidence = Contradiction & {
  /** `1.root.json` first, then each successor up to the newest that is needed. */
  readonly roots: readonly Uint8Array[]
}

const FORMAT = 'jarswarm evidence 1'
const KINDS = new Set(['two-roots', 'two-stories', 'rewritten-history', 'second-digest'])
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Write an evidence file. */
export function formatEvidence({ kind, roots, ...rest }: Evidence): Uint8Array {
  const document = { format: FORMAT, kind, roots, ...rest }
  return Buffer.from(`${JSON.stringify(withBase64(document))}\n`)
}

/** Not by a replacer: it is given what `Buffer.toJSON` made of the bytes. */
function withBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(withBase64)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withBase64(one)]))
}

/**
 * Read an evidence file. Anyone may have written it: nothing in it is verified.
 *
 * @throws {InvalidEvidenceError} when it is none
 */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > MAX_EVIDENCE_BYTES) {
    throw refusal(`${String(bytes.length)} bytes, wanted at most ${String(MAX_EVIDENCE_BYTES)}`)
  }
  const document = recordOf(parseJson(bytes))
  const { format, kind } = document
  if (format !== FORMAT || typeof kind !== 'string' || !KINDS.has(kind)) {
    throw refusal(`no document of the format ${FORMAT}`)
  }
  const roots = listOf(document['roots']).map(bytesOf)
  if (kind === 'second-digest') {
    const { path } = document
    if (typeof path !== 'string') throw refusal('no path')
    const first = statementOf(document['first'])
    return { kind, roots, path, first, second: statementOf(document['second']) }
  }
  const pair = { roots, first: bytesOf(document['first']), second: bytesOf(document['second']) }
  if (kind !== 'rewritten-history') return { kind: kind as 'two-roots' | 'two-stories', ...pair }
  const proof = listOf(document['proof']).map(digestOf)
  return { kind, ...pair, root: digestOf(document['root']), proof }
}

function statementOf(value: unknown): EvidenceStatement {
  const record = recordOf(value)
  const manifest = bytesOf(record['manifest'])
  if (record['nodes'] !== undefined) {
    return { manifest, nodes: listOf(record['nodes']).map(bytesOf) }
  }
  const { index } = record
  if (!Number.isSafeInteger(index)) throw refusal('a line without its place')
  const proof = listOf(record['proof']).map(digestOf)
  return { manifest, line: bytesOf(record['line']), index: index as number, proof }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
  } catch (cause) {
    throw refusal('bytes that are not JSON', { cause })
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw refusal('no object where one is wanted')
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  throw refusal('no list where one is wanted')
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64')
  throw refusal('no base64 where it is wanted')
}

function digestOf(value: unknown): Digest {
  if (typeof value === 'string' && isDigest(value)) return value
  throw refusal('no digest where one is wanted')
}

function refusal(found: string, options?: ErrorOptions): InvalidEvidenceError {
  return new InvalidEvidenceError(found, options)
}
