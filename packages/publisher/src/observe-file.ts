import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { namingPath } from '@jarswarm/files'
import { UnusableAnswerError } from '@jarswarm/http'
import type { HttpFile, PatientReader } from '@jarswarm/http'
import { formatPieceList, MAX_ARTIFACT_BYTES, sha256 } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { FileHasher } from './file-hasher.ts'
import type { FileDigests } from './file-hasher.ts'
import type { Observation, ObservationStore } from './observation-store.ts'
import { readSidecar } from './read-sidecar.ts'
import { compareStated, readStated } from './sidecar-check.ts'

/** Checksum files that an origin is asked for, until it has one. */
const ASKED_SIDECARS = ['sha1', 'md5'] as const

/** What an origin has at a path now. */
export type Sight =
  | { readonly kind: 'seen'; readonly observation: Observation; readonly readBytes: number }
  | { readonly kind: 'absent'; readonly status: number }

/** What is needed to look at an origin, and to remember what was seen. */
export interface Observer {
  readonly origin: PatientReader
  readonly store: ObservationStore
  readonly nowMs: () => number
}

/**
 * Ask an origin for a file, hash what it sends, compare that with its checksum file there, and remember all that.
 *
 * @param seen what was seen last time; the file is sent again only if it is not that any more
 * @throws {OriginLostError} when asking on makes no sense
 * @throws what keeps this one file from being read
 */
export async function observeFile(
  observer: Observer,
  path: RepositoryPath,
  seen: Observation | undefined,
): Promise<Sight> {
  const read = await observer.origin.ask(path, { unless: seen }, async (answer) => {
    if (answer.kind === 'absent') return answer
    if (answer.kind === 'file') return readFile(observer, { path, seen, file: answer })
    // Only what was asked for with its validators can be unmodified.
    if (seen === undefined) throw new UnusableAnswerError(`Cannot read ${path}: found status 304`)
    return { kind: 'seen', observation: seen, readBytes: 0 } satisfies Sight
  })
  if (read.kind === 'absent') return read
  const { observation, readBytes } = read
  if (readBytes === 0 && observation === seen && seen.mismatch === undefined) return read
  const mismatch = await findMismatch(observer, path, observation)
  const checked = { ...observation, mismatch }
  await observer.store.put(path, checked)
  return { kind: 'seen', observation: checked, readBytes }
}

interface FileToRead {
  readonly path: RepositoryPath
  readonly seen: Observation | undefined
  readonly file: HttpFile
}

async function readFile(observer: Observer, { path, seen, file }: FileToRead): Promise<Sight> {
  const { store } = observer
  const temporary = isMutablePath(path) ? store.temporaryPath() : undefined
  try {
    const digests = await hashBody(file, temporary)
    if (temporary !== undefined) await store.adopt(temporary, digests.digest)
    const observation = await keepPieces(store, digests)
    const sinceMs = file.lastModifiedMs ?? observer.nowMs()
    const isSame = file.lastModifiedMs === undefined && seen?.digest === digests.digest
    return {
      kind: 'seen',
      observation: {
        ...observation,
        mtimeSeconds: isSame ? seen.mtimeSeconds : Math.floor(sinceMs / 1000),
        etag: file.etag,
        lastModified: file.lastModified,
      },
      readBytes: digests.sizeBytes,
    }
  } catch (error) {
    file.discard()
    if (temporary !== undefined) await rm(temporary, { force: true })
    throw error
  }
}

async function hashBody(file: HttpFile, copyTo: string | undefined): Promise<FileDigests> {
  refuseSize(file.sizeBytes ?? 0)
  const hasher = new FileHasher(['md5'], file.sizeBytes)
  const copy: FileHandle | undefined = copyTo === undefined ? undefined : await open(copyTo, 'wx')
  let readBytes = 0
  try {
    for await (const chunk of file.body) {
      readBytes += chunk.length
      refuseSize(readBytes)
      hasher.update(chunk)
      await namingPath(copyTo ?? '', async () => copy?.writeFile(chunk))
    }
  } finally {
    await copy?.close()
  }
  return hasher.digests()
}

function refuseSize(sizeBytes: number): void {
  if (sizeBytes <= MAX_ARTIFACT_BYTES) return
  throw new RangeError(`${String(sizeBytes)} bytes, wanted at most ${String(MAX_ARTIFACT_BYTES)}`)
}

async function keepPieces(
  store: ObservationStore,
  { digest, sha1, sizeBytes, stated, pieces }: FileDigests,
): Promise<Omit<Observation, 'mtimeSeconds'>> {
  const observation = { digest, sha1, md5: stated.get('md5') ?? '', sizeBytes }
  if (pieces === undefined) return observation
  const bytes = formatPieceList(pieces)
  const pieceList = sha256(bytes)
  await store.write(bytes, pieceList)
  return { ...observation, pieceList }
}

/** What the first checksum file that the origin has says against a file; undefined when nothing does. */
async function findMismatch(
  { origin }: Observer,
  path: RepositoryPath,
  { sha1, md5 }: Observation,
): Promise<string | undefined> {
  for (const algorithm of ASKED_SIDECARS) {
    const text = await readSidecar(origin, `${path}.${algorithm}`)
    if (text === undefined) continue
    const stated = new Map([[algorithm, algorithm === 'sha1' ? sha1 : md5]])
    return compareStated(algorithm, readStated(algorithm, text), { stated })?.reason
  }
  return undefined
}
