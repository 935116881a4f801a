import { PIECE_BYTES, sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type {
  BlobStore,
  Clock,
  IndexStore,
  OriginFile,
  ProxyCache,
  ProxyRecord,
  StagedWriter,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { LanPeers } from '../lan/lan-peers.ts'
import { MAX_UNSTATED_BYTES } from './limits.ts'
import { Arrival } from './arrival.ts'
import { NoChecksumError, WrongChecksumError } from './errors.ts'
import { Hashes } from './hashes.ts'
import type { HeapBudget } from './heap-budget.ts'
import { HeapStage } from './heap-stage.ts'
import type { StatedChecksums } from './stated-checksums.ts'

/** Larger files are passed on as they come, but for their end. */
export const MAX_WHOLE_BYTES = 262_144

export interface FileReceiverComponents {
  readonly blobs: BlobStore
  readonly cache: ProxyCache
  /** Piece lists of large files. */
  readonly objects: Pick<IndexStore, 'putObjects'>
  readonly clock: Clock
  readonly budget: HeapBudget
  /** Keeps a small file that the store has no room for, so that it can be served nevertheless. */
  readonly keep: (digest: Digest, bytes: Uint8Array) => void
  /** Who may have a large file nearer; undefined when nobody is to be asked. */
  readonly lan: LanPeers | undefined
}

export interface ReceiverInit {
  readonly repository: RepositoryId
  readonly path: RepositoryPath
  readonly file: OriginFile
  readonly stated: Promise<StatedChecksums | undefined>
  /** Called once the first bytes of a large file are here whose SHA-1 the origin states. */
  readonly onArriving: (arrival: Arrival, sha1: string) => void
  readonly signal: AbortSignal
}

/** What was received, and from whom. */
export interface ReceivedFile {
  readonly record: ProxyRecord
  readonly source: 'origin' | 'peer'
}

/** Takes one file from the origin into the store, if it agrees with the origin's strongest checksum. */
export class FileReceiver {
  readonly #components: FileReceiverComponents
  readonly #init: ReceiverInit

  constructor(components: FileReceiverComponents, init: ReceiverInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * @throws {WrongChecksumError | NoChecksumError} nothing is kept
   * @throws {TruncatedError | SourceUnavailableError | OriginBusyError | NoSpaceError}
   */
  async receive(): Promise<ReceivedFile> {
    const { file } = this.#init
    const isSmall = file.sizeBytes === undefined || file.sizeBytes <= MAX_WHOLE_BYTES
    try {
      if (isSmall) return { record: await this.#receiveWhole(), source: 'origin' }
      const lent = await this.#borrow(file.sizeBytes)
      if (lent !== undefined) return { record: lent, source: 'peer' }
      return { record: await this.#receiveLarge(file.sizeBytes), source: 'origin' }
    } finally {
      file.discard()
    }
  }

  async #receiveWhole(): Promise<ProxyRecord> {
    const { blobs, budget, keep } = this.#components
    const taken = { bytes: 0 }
    try {
      const bytes = await this.#readWhole((sizeBytes) => {
        budget.take(sizeBytes)
        taken.bytes += sizeBytes
      })
      const stated = await this.#stated()
      const hashes = new Hashes(stated.strongest.kind)
      hashes.update(bytes)
      const record = this.#check({ stated, hashes, sizeBytes: bytes.length })
      try {
        await blobs.put(record.digest, bytes)
      } catch (error) {
        if (!(error instanceof NoSpaceError)) throw error
        keep(record.digest, bytes)
      }
      return await this.#note(record, hashes)
    } finally {
      budget.give(taken.bytes)
    }
  }

  async #readWhole(take: (sizeBytes: number) => void): Promise<Uint8Array> {
    const { file, path } = this.#init
    const limitBytes = file.sizeBytes ?? MAX_UNSTATED_BYTES
    const chunks: Uint8Array[] = []
    let sizeBytes = 0
    for await (const chunk of file.body) {
      sizeBytes += chunk.length
      if (sizeBytes > limitBytes) {
        throw new SourceUnavailableError(
          `Cannot accept ${path}: found more than the ${limitBytes} bytes that its length allows`,
        )
      }
      take(chunk.length)
      chunks.push(chunk)
    }
    if (file.sizeBytes !== undefined && sizeBytes < file.sizeBytes) {
      throw new TruncatedError(
        `Cannot accept ${path}: found ${sizeBytes} bytes, wanted ${file.sizeBytes}`,
      )
    }
    return Buffer.concat(chunks)
  }

  /** Take a large file from the LAN, while the origin's bytes wait unread; undefined when it is not to be had there. */
  async #borrow(sizeBytes: number): Promise<ProxyRecord | undefined> {
    const { lan } = this.#components
    const { repository, path, signal } = this.#init
    if (lan === undefined || isMutablePath(path)) return undefined
    const stated = await this.#stated()
    const { kind, hex } = stated.strongest
    if (kind === 'md5') return undefined
    const file = { repository, path, sizeBytes, checksum: { kind, hex }, signal }
    return await lan.take(file, (body) => this.#storeBorrowed(body, { stated, sizeBytes }))
  }

  async #storeBorrowed(
    body: AsyncIterable<Uint8Array>,
    { stated, sizeBytes }: { readonly stated: StatedChecksums; readonly sizeBytes: number },
  ): Promise<ProxyRecord> {
    const stage = await this.#components.blobs.createStagedWriter(sizeBytes)
    try {
      const hashes = new Hashes(stated.strongest.kind)
      let offset = 0
      for await (const chunk of body) {
        hashes.update(chunk)
        await stage.write(offset, chunk)
        offset += chunk.length
      }
      const record = this.#check({ stated, hashes, sizeBytes })
      await stage.commit(record.digest)
      return await this.#note(record, hashes)
    } catch (error) {
      await stage.abort()
      throw error
    }
  }

  async #receiveLarge(sizeBytes: number): Promise<ProxyRecord> {
    const { blobs } = this.#components
    const stated = await this.#stated()
    const { stage, inHeap } = await this.#openStage(sizeBytes)
    const arrival = new Arrival({ blobs, stage }, { path: this.#init.path, sizeBytes, inHeap })
    try {
      const hashes = await this.#writeAll({ stage, arrival, stated, sizeBytes })
      const record = this.#check({ stated, hashes, sizeBytes })
      arrival.name(record.digest)
      await stage.commit(record.digest)
      const noted = await this.#note(record, hashes)
      this.#checkAnnounced(stated, noted)
      arrival.complete()
      return noted
    } catch (error) {
      arrival.fail(error instanceof Error ? error.message : String(error), error)
      await stage.abort()
      throw error
    }
  }

  /** Remember what is here now; of a large file also the digests of its pieces. */
  async #note(record: ProxyRecord, hashes: Hashes): Promise<ProxyRecord> {
    const { cache, objects } = this.#components
    if (record.sizeBytes <= PIECE_BYTES) {
      await cache.put(record)
      return record
    }
    const bytes = hashes.pieceList()
    const noted = { ...record, pieceList: sha256(bytes) }
    await objects.putObjects([{ digest: noted.pieceList, bytes }])
    await cache.put(noted)
    return noted
  }

  async #writeAll({
    stage,
    arrival,
    stated,
    sizeBytes,
  }: {
    readonly stage: StagedWriter
    readonly arrival: Arrival
    readonly stated: StatedChecksums
    readonly sizeBytes: number
  }): Promise<Hashes> {
    const { file, path, onArriving } = this.#init
    const hashes = new Hashes(stated.strongest.kind)
    let offset = 0
    for await (const chunk of file.body) {
      if (offset + chunk.length > sizeBytes) {
        throw new SourceUnavailableError(
          `Cannot accept ${path}: found more than ${sizeBytes} bytes`,
        )
      }
      await stage.write(offset, chunk)
      hashes.update(chunk)
      const isFirst = offset === 0
      offset += chunk.length
      arrival.advance(offset)
      if (isFirst && stated.sha1 !== undefined) onArriving(arrival, stated.sha1)
    }
    if (offset < sizeBytes) {
      throw new TruncatedError(`Cannot accept ${path}: found ${offset} bytes, wanted ${sizeBytes}`)
    }
    return hashes
  }

  async #openStage(sizeBytes: number): Promise<{ stage: StagedWriter; inHeap: boolean }> {
    try {
      return { stage: await this.#components.blobs.createStagedWriter(sizeBytes), inHeap: false }
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error
      return { stage: new HeapStage(this.#components.budget, sizeBytes), inHeap: true }
    }
  }

  async #stated(): Promise<StatedChecksums> {
    const stated = await this.#init.stated
    if (stated !== undefined) return stated
    throw new NoChecksumError(
      `its origin offers no checksum file of ${this.#init.path}, so its bytes cannot be checked`,
    )
  }

  /** The one gate: what does not agree with the origin's strongest checksum goes nowhere. */
  #check(found: {
    readonly stated: StatedChecksums
    readonly hashes: Hashes
    readonly sizeBytes: number
  }): ProxyRecord {
    const { path, file } = this.#init
    const { kind, hex } = found.stated.strongest
    const digests = found.hashes.digests()
    if (digests.get(kind) !== hex) {
      throw new WrongChecksumError(
        `its origin sent bytes of ${path} with ${kind} ${digests.get(kind) ?? 'none'} and states ${hex}`,
      )
    }
    return {
      path,
      digest: digests.get('sha256') ?? '',
      sha1: digests.get('sha1') ?? '',
      sizeBytes: found.sizeBytes,
      mtimeSeconds: Math.floor((file.lastModifiedMs ?? 0) / 1_000),
      checksum: kind,
      checksumHex: hex,
      fetchedAtMs: this.#components.clock.now(),
      ...(file.etag === undefined ? {} : { etag: file.etag }),
    }
  }

  /** A weaker checksum decides nothing, but headers that went out must have been true. The next answer has the right one. */
  #checkAnnounced(stated: StatedChecksums, record: ProxyRecord): void {
    if (stated.sha1 === undefined || stated.sha1 === record.sha1) return
    throw new WrongChecksumError(
      `its origin states SHA-1 ${stated.sha1} of ${record.path}, which has ${record.sha1}`,
    )
  }
}
