import type { Head, IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions, Resolution, ResolveOptions } from '@jarswarm/ports'
import type { FreshnessReport } from '@jarswarm/trust'
import type { HeldBack } from './history/head-gate.ts'
import type { Finding, IndexReader } from './index-tree/index-reader.ts'
import type { HeadWatch } from './trust/head-watch.ts'
import type { UnindexedFiles } from './unindexed-files.ts'
import type { WithdrawalBook } from './withdrawal/withdrawal-book.ts'

export interface ResolverComponents {
  readonly reader: IndexReader
  readonly watch: HeadWatch
  readonly unindexed: UnindexedFiles
  readonly withdrawals: WithdrawalBook
}

export interface ResolverInit {
  readonly head: () => Head | undefined
  readonly freshness: () => FreshnessReport
  /** Whether a newer head is known that could not be taken up. */
  readonly isBehind: () => boolean
  /** Wait, for a while, until the newest head is in use, if there is one that is not. */
  readonly untilInUse: (options: AbortOptions) => Promise<void>
  /** Why the newest head is not in use; undefined when it is. */
  readonly heldBack: () => HeldBack | undefined
}

const NO_FILE: Resolution = { kind: 'absent', fileOnly: true }

/** What one head said of a path that is no file. */
interface Looked {
  readonly head: Head
  readonly finding: Finding
  /** Undefined when it could not be said. */
  readonly directory: boolean | undefined
}

/** Turns what the index says, and how much the head is worth, into an answer about a path. */
export class Resolver {
  readonly #components: ResolverComponents
  readonly #init: ResolverInit

  constructor(components: ResolverComponents, init: ResolverInit) {
    this.#components = components
    this.#init = init
  }

  async resolve(path: RepositoryPath, options: ResolveOptions): Promise<Resolution> {
    const { reader, watch } = this.#components
    if (this.#withdrawn(path) !== undefined) {
      // It may have been restored a moment ago.
      await watch.lookForNewerHead(options)
      await this.#init.untilInUse(options)
    }
    // First of all: an older index, which is read when the newest cannot be, still names it.
    const withdrawn = this.#withdrawn(path)
    if (withdrawn !== undefined) return withdrawn
    const head = this.#init.head()
    if (head === undefined) return unknown('the repository has not been verified yet')
    const finding = await reader.find(head, path, options)
    if (finding.kind === 'entry') return this.#known(finding.entry)
    if (finding.kind === 'unread') return unread(finding)
    if (options.beside === true) return { kind: 'absent' }
    const directory = await reader.isDirectory(head, path)
    if (directory === true) return { kind: 'directory' }
    // What was not there a moment ago may have been published since.
    await watch.lookForNewerHead(options)
    await this.#init.untilInUse(options)
    return await this.#absent(path, { head, finding, directory }, options)
  }

  /** What `resolve` says of a path whose directory is remembered; undefined when it would have to look further. */
  recall(
    path: RepositoryPath,
    { beside = false }: Pick<ResolveOptions, 'beside'>,
  ): Resolution | undefined {
    const head = this.#init.head()
    if (head === undefined || this.#withdrawn(path) !== undefined) return undefined
    const finding = this.#components.reader.recall(head, path)
    if (finding?.kind === 'entry') return this.#known(finding.entry)
    return finding !== undefined && beside ? { kind: 'absent' } : undefined
  }

  async #absent(
    path: RepositoryPath,
    before: Looked,
    options: ResolveOptions,
  ): Promise<Resolution> {
    const withdrawn = this.#withdrawn(path)
    if (withdrawn !== undefined) return withdrawn
    const head = this.#init.head() ?? before.head
    const finding =
      head === before.head
        ? before.finding
        : await this.#components.reader.find(head, path, options)
    if (finding.kind === 'entry') return this.#known(finding.entry)
    if (finding.kind === 'unread') return unread(finding)
    const doubt = this.#doubt(finding)
    if (doubt !== undefined) return unknown(doubt)
    const directory = await this.#isDirectory(path, head, before)
    if (directory === true) return { kind: 'directory' }
    // Whoever asks what the index names is told, however old it is: a release without a pom is still served.
    if (options.indexOnly === true) return directory === undefined ? NO_FILE : { kind: 'absent' }
    if (this.#init.freshness().state === 'suspect') {
      return unknown('the signed index is too old to say what does not exist')
    }
    return await this.#components.unindexed.resolve(head, path, options)
  }

  /** Why absence is not proven: only the newest head proves it, for an older index says what was. */
  #doubt(finding: { readonly newest: boolean }): string | undefined {
    if (!finding.newest) return 'the newest index cannot be had now'
    if (this.#init.isBehind())
      return 'there is a newer index, which this node has no room for: free some disk'
    const heldBack = this.#init.heldBack()
    return heldBack && phraseOf(heldBack)
  }

  /** As it was found; else looked for again, for meanwhile the index may have become complete. */
  async #isDirectory(path: string, head: Head, before: Looked): Promise<boolean | undefined> {
    if (head === before.head && before.directory !== undefined) return before.directory
    return await this.#components.reader.isDirectory(head, path)
  }

  #withdrawn(path: RepositoryPath): Resolution | undefined {
    const found = this.#components.withdrawals.find(path)
    if (found === undefined) return undefined
    const { digest, reason, issuedSeconds } = found
    return { kind: 'withdrawn', digest, reason, issuedSeconds }
  }

  #known(entry: IndexEntry): Resolution {
    const mutable = isMutablePath(entry.path)
    if (mutable && this.#init.freshness().state === 'suspect') {
      return unknown('the signed index is too old to say what is the latest')
    }
    return { kind: 'artifact', entry, mutable }
  }
}

function phraseOf({ seq, refused, held, reason }: HeldBack): string {
  if (held === true) return `head ${seq} is not used: ${reason}`
  return refused
    ? `head ${seq} was refused, for it contradicts what was signed before: see the log of the node`
    : `head ${seq} is newer, and its history cannot be checked now`
}

function unknown(reason: string): Resolution {
  return { kind: 'unknown', reason }
}

function unread({ error }: Finding & { kind: 'unread' }): Resolution {
  const text = error instanceof Error ? error.message : String(error)
  return unknown(`the index cannot be read: ${text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200)}`)
}
