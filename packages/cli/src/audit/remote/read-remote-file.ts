import { createHash } from 'node:crypto'
import { describeFailure, ShortBodyError } from '@jarswarm/http'
import type { HttpFile, PatientReader } from '@jarswarm/http'
import type { SidecarAlgorithm } from '@jarswarm/maven'

/** A body may be longer than signed by so much before the rest says nothing more. */
const MAX_EXCESS_BYTES = 1_048_576
/** Where a page for people shows that it is one. */
const LOOKED_AT_BYTES = 512
const PAGE = /^\s*(?:<!doctype html|<html|<head|<body)/i

/** What a server has at a path. */
export type RemoteFile =
  | RemoteBytes
  | { readonly kind: 'missing'; readonly status: number }
  | { readonly kind: 'cut'; readonly reason: string }

export interface RemoteBytes extends RemoteHeaders {
  readonly kind: 'bytes'
  readonly sizeBytes: number
  /** Of all bytes; undefined when they were not read, or not to their end. */
  readonly digests: ReadonlyMap<SidecarAlgorithm, string> | undefined
  /** Whether it is an HTML page by its first bytes. */
  readonly isPage: boolean
}

export interface RemoteHeaders {
  readonly lastModifiedMs: number | undefined
  readonly etag: string | undefined
}

export interface ReadRemoteOptions {
  /** Ask for the headers only. */
  readonly headOnly: boolean
  /** Checksums to compute beside SHA-256. */
  readonly algorithms: readonly SidecarAlgorithm[]
}

/**
 * Read a file of a server without keeping it.
 *
 * @throws {OriginLostError} when asking on makes no sense
 * @throws what keeps this one file from being read
 */
export async function readRemoteFile(
  reader: PatientReader,
  { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
  { headOnly, algorithms }: ReadRemoteOptions,
): Promise<RemoteFile> {
  try {
    const ask = { method: headOnly ? 'HEAD' : 'GET' } as const
    return await reader.ask(path, ask, async (answer): Promise<RemoteFile> => {
      if (answer.kind === 'absent') return { kind: 'missing', status: answer.status }
      if (answer.kind === 'unmodified') throw new TypeError(`Cannot read ${path}: found status 304`)
      if (headOnly) return readHeaders(answer)
      return await readBody(answer, sizeBytes + MAX_EXCESS_BYTES, algorithms)
    })
  } catch (error) {
    if (error instanceof ShortBodyError) return { kind: 'cut', reason: error.message }
    throw error
  }
}

function readHeaders(file: HttpFile): RemoteBytes {
  file.discard()
  const { sizeBytes, lastModifiedMs, etag } = file
  if (sizeBytes === undefined) throw new TypeError('no length is announced')
  return { kind: 'bytes', sizeBytes, digests: undefined, isPage: false, lastModifiedMs, etag }
}

async function readBody(
  file: HttpFile,
  maxBytes: number,
  algorithms: readonly SidecarAlgorithm[],
): Promise<RemoteBytes> {
  const hashes = new Map(
    (['sha256', ...algorithms] as const).map((name) => [name, createHash(name)]),
  )
  let start = Buffer.alloc(0)
  let sizeBytes = 0
  for await (const chunk of wholeBody(file)) {
    sizeBytes += chunk.length
    if (start.length < LOOKED_AT_BYTES) {
      start = Buffer.concat([start, chunk.subarray(0, LOOKED_AT_BYTES)])
    }
    if (sizeBytes > maxBytes) {
      file.discard()
      break
    }
    for (const hash of hashes.values()) hash.update(chunk)
  }
  const digests =
    sizeBytes > maxBytes
      ? undefined
      : new Map([...hashes].map(([name, hash]) => [name, hash.digest('hex')]))
  const { lastModifiedMs, etag } = file
  const isPage = PAGE.test(start.toString('latin1'))
  return { kind: 'bytes', sizeBytes, digests, isPage, lastModifiedMs, etag }
}

/** A connection that ends in mid-body fails in many ways, and always means the same. */
async function* wholeBody({ body }: HttpFile): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body
  } catch (error) {
    if (error instanceof ShortBodyError) throw error
    throw new ShortBodyError(`the body ends early: ${describeFailure(error)}`, { cause: error })
  }
}
