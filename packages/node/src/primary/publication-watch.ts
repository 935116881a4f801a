import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { Clock, Logger, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { errorCode } from '../error-code.ts'
import { repeat } from '../repeat.ts'
import type { RepeatInit, Repetition } from '../repeat.ts'
import type { PrimaryContent } from './primary-content.ts'

/** One look at one file: five a second cost nothing, and a new state or root is known at once. */
const LOOK_MS = 200
/** What stands published cannot be used; the repository goes on with what it has. */
const LOOK_RETRY_MS = 10_000

/** A timestamp lives for a day; nodes see within an hour that the primary still stands behind its state. */
const RESIGN_MS = 60 * 60 * 1000
/** Somebody is publishing, most likely. */
const RESIGN_RETRY_MS = 60 * 1000

/** Records in the DHT live for two days. */
const ANNOUNCE_MS = 12 * 60 * 60 * 1000
/** Alone in the network, nobody can be told: try again soon. */
const ANNOUNCE_RETRY_MS = 60 * 1000

export interface PublicationWatchComponents {
  readonly content: Pick<PrimaryContent, 'head' | 'refresh' | 'repository'>
  readonly swarm: Pick<Swarm, 'gossipManifest' | 'provide'>
  readonly clock: Clock
  readonly logger: Logger
  /** Sign the published state anew without looking at the tree. */
  readonly resign: (signal: AbortSignal) => Promise<void>
  /** Whether root `number` is in force. */
  readonly hasRoot: (number: number) => Promise<boolean>
}

export interface PublicationWatchInit {
  readonly id: RepositoryId
  readonly publishedRoot: string
}

/**
 * Keeps a primary current: notices what was published, by whomever, and tells the swarm at once; signs by itself
 * what would grow old.
 */
export class PublicationWatch {
  readonly #components: PublicationWatchComponents
  readonly #init: PublicationWatchInit
  #repetitions: readonly Repetition[] = []
  /** Fingerprint of the manifest that was taken up. */
  #seen = ''
  /** A manifest that was taken up and not told of. */
  #untold: Uint8Array | undefined
  #turns: Promise<unknown> = Promise.resolve()
  /** Number of the newest root that this side signed the state under. */
  #signedUnder = 0

  constructor(components: PublicationWatchComponents, init: PublicationWatchInit) {
    this.#components = components
    this.#init = init
  }

  start(): void {
    const { resign, swarm, logger } = this.#components
    const { id } = this.#init
    const jobs: RepeatInit[] = [
      {
        what: 'take up what was published',
        intervalMs: LOOK_MS,
        retryMs: LOOK_RETRY_MS,
        task: () => this.takeUp(),
      },
      {
        what: 'sign the state anew',
        firstMs: RESIGN_MS,
        intervalMs: RESIGN_MS,
        retryMs: RESIGN_RETRY_MS,
        task: resign,
      },
      {
        what: 'sign the state under a new root',
        intervalMs: LOOK_MS,
        retryMs: RESIGN_RETRY_MS,
        task: (signal: AbortSignal) => this.#followRoot(signal),
      },
      {
        what: 'announce the repository',
        intervalMs: ANNOUNCE_MS,
        retryMs: ANNOUNCE_RETRY_MS,
        // A new repository has no peers.
        isEarly: (error) => error instanceof SourceUnavailableError,
        task: async (signal: AbortSignal) => {
          for await (const project of swarm.provide(id, [undefined], { signal })) {
            logger.debug({ repository: id, project }, 'announced')
          }
        },
      },
    ]
    this.#repetitions = jobs.map((job) => repeat(this.#components, job))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#repetitions.map((repetition) => repetition.stop()))
    this.#repetitions = []
  }

  /** Use what stands published now, and tell the swarm of it; what fails is done again the next time. */
  takeUp(): Promise<void> {
    const turn = this.#turns.then(() => this.#takeUp())
    this.#turns = turn.catch(() => undefined)
    return turn
  }

  async #takeUp(): Promise<void> {
    const { content, swarm, logger } = this.#components
    const found = await this.#fingerprint()
    if (found !== undefined && found !== this.#seen) {
      const manifest = await content.refresh(this.#init.id)
      this.#seen = found
      if (manifest !== undefined)
        logger.info({ seq: content.head?.seq }, 'a new state was published')
      this.#untold = manifest ?? this.#untold
    }
    if (this.#untold === undefined) return
    await swarm.gossipManifest(this.#init.id, this.#untold)
    this.#untold = undefined
  }

  /** Nodes learn of a root by the manifest that is signed under it. */
  async #followRoot(signal: AbortSignal): Promise<void> {
    const { content, resign, hasRoot, logger } = this.#components
    const next = Math.max(content.repository.rootNumber, this.#signedUnder) + 1
    if (!(await hasRoot(next))) return
    await resign(signal)
    this.#signedUnder = next
    logger.info({ root: next }, 'the state was signed under a new root')
  }

  /** Changes whenever the manifest file is replaced; undefined while there is none. */
  async #fingerprint(): Promise<string | undefined> {
    try {
      const { ino, mtimeMs, size } = await stat(join(this.#init.publishedRoot, 'manifest'))
      return `${String(ino)} ${String(mtimeMs)} ${String(size)}`
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }
}
