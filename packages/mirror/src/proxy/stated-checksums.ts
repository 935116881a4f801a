import { CHECKSUM_KINDS, SourceUnavailableError } from '@jarswarm/ports'
import type { ChecksumKind, OriginFile, ProxyOrigin } from '@jarswarm/ports'
import { MAX_CHECKSUM_FILE_BYTES } from './limits.ts'
import { parseChecksumFile } from './checksum-file.ts'
import { OriginBusyError } from './errors.ts'

/** What the origin says that a file hashes to. */
export interface StatedChecksums {
  /** The strongest checksum file that the origin offers; it alone decides. */
  readonly strongest: { readonly kind: ChecksumKind; readonly hex: string }
  /** For headers of a file that is still on its way. */
  readonly sha1: string | undefined
}

type Found = readonly [kind: ChecksumKind, hex: string | undefined]

/**
 * Read the checksum files of a file: all but the weakest at the same time, so that it costs one round trip.
 *
 * @param options.isWanted false once the file itself turns out to be missing, so that the origin is asked no more
 * @returns undefined when the origin offers none
 * @throws {SourceUnavailableError | OriginBusyError} when none could be read, though there may be one
 */
export async function readStatedChecksums(
  origin: ProxyOrigin,
  path: string,
  options: { readonly signal: AbortSignal; readonly isWanted: () => boolean },
): Promise<StatedChecksums | undefined> {
  const { signal, isWanted } = options
  const strong = CHECKSUM_KINDS.filter((kind) => kind !== 'md5')
  const found = choose(await readAll({ origin, path, kinds: strong, signal }))
  if (found !== undefined || !isWanted()) return found
  return choose(await readAll({ origin, path, kinds: ['md5'], signal }))
}

interface Wanted {
  readonly origin: ProxyOrigin
  readonly path: string
  readonly kinds: readonly ChecksumKind[]
  readonly signal: AbortSignal
}

async function readAll(wanted: Wanted): Promise<readonly Found[]> {
  const read = await Promise.allSettled(
    wanted.kinds.map(async (kind): Promise<Found> => [kind, await readOne(wanted, kind)]),
  )
  const found = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = read.find((one) => one.status === 'rejected')
  // One that fails hides nothing while another is there: all of them come from the same origin.
  if (failed !== undefined && choose(found) === undefined) throw failed.reason
  return found
}

async function readOne(
  { origin, path, signal }: Wanted,
  kind: ChecksumKind,
): Promise<string | undefined> {
  const answer = await origin.get(`${path}.${kind}`, { signal })
  switch (answer.kind) {
    case 'file': {
      const bytes = await readShort(answer)
      return bytes === undefined ? undefined : parseChecksumFile(bytes, kind)
    }
    case 'absent':
      return undefined
    case 'busy':
      throw new OriginBusyError(answer.retryAfterMs)
    case 'unmodified':
      throw new SourceUnavailableError(`Cannot read ${path}.${kind}: found status 304, wanted 200`)
  }
}

/** @returns undefined for what is too long to be a checksum */
async function readShort(file: OriginFile): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of file.body) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_CHECKSUM_FILE_BYTES) {
      file.discard()
      return undefined
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function choose(found: readonly Found[]): StatedChecksums | undefined {
  const stated = new Map(found)
  const kind = CHECKSUM_KINDS.find((one) => stated.get(one) !== undefined)
  const hex = kind && stated.get(kind)
  if (kind === undefined || hex === undefined) return undefined
  return { strongest: { kind, hex }, sha1: stated.get('sha1') }
}
