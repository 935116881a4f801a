import {
  buildIndex,
  formatHead,
  formatHistoryLine,
  formatPack,
  formatWithdrawals,
  HistoryTree,
  isWithdrawal,
  sha256,
} from '@jarswarm/manifest'
import type { Head, HistoryEvent, IndexEntry, IndexTotals, Withdrawal } from '@jarswarm/manifest'
import { isMutablePath, parsePath } from '@jarswarm/maven'
import { publishedPath } from '@jarswarm/ports'
import type { PublishedName } from '@jarswarm/ports'
import {
  createRoot,
  createSigner,
  formatLink,
  generateKeyPair,
  manifestVersions,
  resignTimestamp,
  signManifest,
  TrustedRepository,
} from '@jarswarm/trust'
import type { RepositoryId, SignedState, Signer } from '@jarswarm/trust'
import { zstdCompressSync } from 'node:zlib'
import { TEST_NOW_MS } from '../manual-clock.ts'
import { describeArtifact } from './describe-artifact.ts'
import type { DescribedArtifact } from './describe-artifact.ts'
import { describeChanges } from './describe-changes.ts'

export interface SignedRepositoryInit {
  /** @defaultValue 'sample' */
  readonly name?: string
  /** @defaultValue 'http://origin.test/repo' */
  readonly origin?: string | null
  /** Full multiaddrs. @defaultValue none */
  readonly bootstrap?: readonly string[]
  /** When the first root is made, and each state that names no time. @defaultValue {@link TEST_NOW_MS} */
  readonly nowMs?: number
}

export interface PublishOptions {
  /** @defaultValue the time that the builder was made for */
  readonly nowMs?: number
  /** Base URL that the files were seen at by somebody who is not its operator. @defaultValue null */
  readonly observed?: string | null
  /** Also write a pack of the whole index, or name that of the state before. @defaultValue false */
  readonly pack?: boolean | 'kept'
  /** HTTP base URLs of mirrors, ascending. @defaultValue those of the state before */
  readonly mirrors?: readonly string[]
  /** `silent`: the history says nothing of what changed, as no honest publisher does. @defaultValue 'honest' */
  readonly history?: 'honest' | 'silent'
  /** `hidden`: the list of withdrawals stays what it was. @defaultValue 'honest' */
  readonly withdrawals?: 'honest' | 'hidden'
}

/** One published state. */
export interface PublishedState {
  readonly head: Head
  /** Root manifest bytes, as they stand at `.jarswarm/manifest`. */
  readonly manifest: Uint8Array
}

/**
 * A signed repository in memory, as a publisher would write it: artifacts are staged with `put` and `remove`, and
 * each `publish` makes the next state.
 */
export class SignedRepositoryBuilder {
  /** Whole tree by path: artifacts, and the published form below `.jarswarm/`. Changes with each call. */
  readonly files: Map<string, Uint8Array> = new Map<string, Uint8Array>()
  readonly #init: Required<SignedRepositoryInit>
  #rootSigner: Signer
  readonly #artifacts = new Map<string, DescribedArtifact>()
  #history = new HistoryTree()
  readonly #events: HistoryEvent[] = []
  #onlineSigner: Signer
  #root: { readonly number: number; readonly bytes: Uint8Array }
  #published: ReadonlyMap<string, IndexEntry> = new Map()
  #state: PublishedState | undefined
  #mirrors: readonly string[] = []
  readonly #reasons = new Map<string, string>()
  #withdrawn: ReadonlyMap<string, Withdrawal> = new Map()

  constructor(init: SignedRepositoryInit = {}) {
    this.#init = {
      name: init.name ?? 'sample',
      origin: init.origin === undefined ? 'http://origin.test/repo' : init.origin,
      bootstrap: init.bootstrap ?? [],
      nowMs: init.nowMs ?? TEST_NOW_MS,
    }
    this.#rootSigner = createSigner(generateKeyPair().privateKey)
    this.#onlineSigner = createSigner(generateKeyPair().privateKey)
    this.#root = this.#writeRoot(1)
  }

  get id(): RepositoryId {
    return sha256(this.#read({ kind: 'root', number: 1 }))
  }

  get name(): string {
    return this.#init.name
  }

  /** Bytes of the newest root. */
  get root(): Uint8Array {
    return this.#root.bytes
  }

  /** The newest state, or undefined before the first `publish`. */
  get state(): PublishedState | undefined {
    return this.#state
  }

  /** All that was published, in order. */
  get events(): readonly HistoryEvent[] {
    return this.#events
  }

  /** Swarm link, with these peers. */
  link(peers: readonly string[] = []): string {
    const { name, origin } = this.#init
    return formatLink({ id: this.id, name, origin: origin ?? undefined, peers })
  }

  /** What a node trusts that saw the newest state, or the first root alone before there is one. */
  trust(): TrustedRepository {
    const first = this.#read({ kind: 'root', number: 1 })
    const trusted = TrustedRepository.create(sha256(first), first)
    for (let number = 2; number <= this.#root.number; number += 1) {
      trusted.acceptRoot(this.#read({ kind: 'root', number }))
    }
    if (this.#state !== undefined) trusted.accept(this.#state.manifest, this.#init.nowMs)
    return trusted
  }

  /** What the newest state's index says of an artifact. */
  entry(path: string): IndexEntry {
    const entry = this.#published.get(path)
    if (entry === undefined) throw new Error(`Cannot find ${path}: it is not published`)
    return entry
  }

  /** Stage an artifact; text is written as UTF-8. */
  put(path: string, content: Uint8Array | string, mtimeSeconds?: number): this {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const defaultMtime = Math.floor(this.#init.nowMs / 1000)
    const artifact = describeArtifact(parsePath(path), bytes, mtimeSeconds ?? defaultMtime)
    this.#artifacts.set(path, artifact)
    this.files.set(path, bytes)
    return this
  }

  /** Stage the withdrawal of an artifact; a mutable one without reason merely goes. */
  remove(path: string, reason?: string): this {
    if (reason !== undefined) this.#reasons.set(path, reason)
    this.#artifacts.delete(path)
    this.files.delete(path)
    return this
  }

  /** Make the next state of what is staged, and write its published form. */
  publish(options: PublishOptions = {}): PublishedState {
    const nowMs = options.nowMs ?? this.#init.nowMs
    const seq = (this.#state?.head.seq ?? 0) + 1
    const { totals, objects } = this.#writeObjects()
    const changes = describeChanges(seq, this.#published, this.#entries()).map((event) => {
      const reason = event.kind === 'del' ? this.#reasons.get(event.path) : undefined
      return reason === undefined ? event : { ...event, reason }
    })
    if (options.history !== 'silent') this.#appendHistory(changes)
    const head: Head = {
      seq,
      issued: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
      index: totals,
      history: { size: this.#history.size, root: this.#history.root },
      previous: this.#state === undefined ? null : sha256(formatHead(this.#state.head)),
      observed: options.observed ?? null,
      pack: this.#packFor(options, objects, totals),
      withdrawn: this.#writeWithdrawals(options.withdrawals === 'hidden' ? [] : changes, nowMs),
    }
    this.#published = this.#entries()
    const previous = this.#state && manifestVersions(this.#state.manifest)
    const signers = [this.#onlineSigner]
    this.#mirrors = options.mirrors ?? this.#mirrors
    const signed = {
      root: this.#root.bytes,
      head: formatHead(head),
      previous,
      nowMs,
      signers,
      mirrors: this.#mirrors,
    }
    return this.#writeState(head, signManifest(signed))
  }

  /** Sign the newest state anew, as the publisher does every hour. */
  resign(nowMs: number): PublishedState {
    if (this.#state === undefined) throw new Error('Cannot sign anew: nothing is published')
    const { head, manifest } = this.#state
    const init = { manifest, root: this.#root.bytes, nowMs, signers: [this.#onlineSigner] }
    return this.#writeState(head, resignTimestamp(init))
  }

  /** Make the next root; with `rotate`, with a new online key, with `withdrawals`, allowing these batches. The next `publish` is made under it. */
  nextRoot(
    options: { readonly rotate?: boolean; readonly withdrawals?: readonly string[] } = {},
  ): Uint8Array {
    if (options.rotate === true) this.#onlineSigner = createSigner(generateKeyPair().privateKey)
    this.#root = this.#writeRoot(this.#root.number + 1, options.withdrawals)
    return this.#root.bytes
  }

  /** A twin with the same keys and the same past, for a publisher that tells two stories. */
  fork(): SignedRepositoryBuilder {
    const twin = new SignedRepositoryBuilder(this.#init)
    for (const [path, bytes] of this.files) twin.files.set(path, bytes)
    for (const [path, artifact] of this.#artifacts) twin.#artifacts.set(path, artifact)
    twin.#rootSigner = this.#rootSigner
    twin.#onlineSigner = this.#onlineSigner
    twin.#root = this.#root
    twin.#history = HistoryTree.fromBytes(this.#history.toBytes())
    twin.#events.push(...this.#events)
    twin.#published = this.#published
    twin.#state = this.#state
    twin.#mirrors = this.#mirrors
    twin.#withdrawn = this.#withdrawn
    return twin
  }

  #writeRoot(
    number: number,
    withdrawals: readonly string[] = [],
  ): { number: number; bytes: Uint8Array } {
    const online = { publicKeys: [this.#onlineSigner.publicKey], threshold: 1 }
    const root = { publicKeys: [this.#rootSigner.publicKey], threshold: 1 }
    const bytes = createRoot({
      ...this.#init,
      version: number,
      withdrawals,
      roles: { root, timestamp: online, snapshot: online, targets: online },
      signers: [this.#rootSigner],
    })
    this.#write({ kind: 'root', number }, bytes)
    return { number, bytes }
  }

  #writeObjects(): { totals: IndexTotals; objects: readonly Uint8Array[] } {
    const objects: Uint8Array[] = []
    for (const { entry, bytes, pieceList } of this.#artifacts.values()) {
      if (pieceList !== undefined) objects.push(pieceList)
      if (isMutablePath(entry.path)) this.#write({ kind: 'blob', digest: entry.digest }, bytes)
    }
    const totals = buildIndex(this.#entries().values(), (node) => objects.push(node.bytes))
    for (const bytes of objects) this.#write({ kind: 'object', digest: sha256(bytes) }, bytes)
    return { totals, objects }
  }

  #appendHistory(events: readonly HistoryEvent[]): void {
    for (const event of events) this.#history.append(formatHistoryLine(event))
    this.#events.push(...events)
    for (const { path, bytes } of this.#history.takeFiles()) {
      this.#write({ kind: 'log', tile: path }, bytes)
    }
  }

  #writeWithdrawals(changes: readonly HistoryEvent[], nowMs: number): Head['withdrawn'] {
    const withdrawn = new Map(this.#withdrawn)
    const issuedSeconds = Math.floor(nowMs / 1000)
    for (const event of changes) {
      const { path, digest, seq, reason } = event
      if (isWithdrawal(event)) withdrawn.set(path, { path, digest, seq, issuedSeconds, reason })
      else if (event.kind !== 'del') withdrawn.delete(path)
    }
    this.#withdrawn = withdrawn
    const { pointer, parts } = formatWithdrawals(withdrawn.values())
    for (const { digest, bytes } of parts) this.#write({ kind: 'object', digest }, bytes)
    return pointer
  }

  #packFor(
    { pack }: PublishOptions,
    objects: readonly Uint8Array[],
    totals: IndexTotals,
  ): Head['pack'] {
    if (pack === 'kept') return this.#state?.head.pack ?? null
    return pack === true ? this.#writePack(objects, totals) : null
  }

  #writePack(objects: readonly Uint8Array[], totals: IndexTotals): NonNullable<Head['pack']> {
    // Parents first.
    const bytes = zstdCompressSync(formatPack(objects.toReversed()))
    const digest = sha256(bytes)
    this.#write({ kind: 'pack', digest }, bytes)
    return { digest, sizeBytes: bytes.length, root: totals.root }
  }

  #writeState(head: Head, { manifest }: SignedState): PublishedState {
    this.#write({ kind: 'manifest' }, manifest)
    this.#state = { head, manifest }
    return this.#state
  }

  #entries(): ReadonlyMap<string, IndexEntry> {
    return new Map([...this.#artifacts].map(([path, { entry }]) => [path, entry]))
  }

  #read(name: PublishedName): Uint8Array {
    const bytes = this.files.get(publishedPath(name))
    if (bytes === undefined) throw new Error(`Cannot read ${publishedPath(name)}: it was removed`)
    return bytes
  }

  #write(name: PublishedName, bytes: Uint8Array): void {
    this.files.set(publishedPath(name), bytes)
  }
}
