import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PatientReader, userAgent } from '@jarswarm/http'
import { judgeOrigin } from './judge-origin.ts'
import { ObservationStore } from './observation-store.ts'
import type { OnDamaged } from './observation-store.ts'
import { openPlaces } from './open-places.ts'
import type { OpenedPlaces } from './open-places.ts'
import { PathSet } from './path-set.ts'
import { publishRound } from './publish-round.ts'
import { PublishSummary } from './publish-report.ts'
import type { PublishReport } from './publish-report.ts'
import type { PublishProgress } from './scan-tree.ts'
import type { LockOptions } from './state-lock.ts'
import { sweep } from './sweep.ts'
import type { ScannedFile } from './tree-file.ts'

/** Files asked for at a time: few enough that no server minds. */
export const ORIGIN_CONCURRENCY = 8
/** A long crawl publishes what it has this often, so that others need not wait for its end. */
export const PUBLISH_EVERY_MS = 1_800_000

export interface PublishFromOptions {
  readonly stateDir: string
  /** Directory in which `.jarswarm/` is written; made when it is not there. */
  readonly outDir: string
  /** Base URL of the HTTP repository. */
  readonly url: string
  /** Paths to look at, one a line; what is published at others stays. */
  readonly paths: AsyncIterable<string>
  /** The paths are said to have changed: releases that are known are asked for too, and sidecars mean their artifacts. */
  readonly isChanges?: boolean | undefined
  /** Ask for known releases too. */
  readonly recheck?: boolean | undefined
  /** Whether the repository's operator signs; else the head says that it was only observed. */
  readonly isOperator?: boolean | undefined
  /** Version of the program, for the User-Agent. */
  readonly version: string
  /** URL or mail address for the origin's operator to turn to, for the User-Agent. */
  readonly contact?: string | undefined
  /** @defaultValue {@link ORIGIN_CONCURRENCY} */
  readonly concurrency?: number | undefined
  /** @defaultValue {@link PUBLISH_EVERY_MS} */
  readonly publishEveryMs?: number | undefined
  /** Wait before the first retry. @defaultValue a second */
  readonly retryMs?: number | undefined
  /** Longest wait for an answer to begin. @defaultValue half a minute */
  readonly firstByteTimeoutMs?: number | undefined
  /** Longest pause inside a body. @defaultValue half a minute */
  readonly silenceTimeoutMs?: number | undefined
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  readonly allowShrink?: boolean | undefined
  readonly resign?: boolean | undefined
  /** Withdrawn paths that may come back: a release with the bytes that it had. */
  readonly restore?: readonly string[] | undefined
  /** Ends the crawl; what was seen is kept. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined
  /** The origin asked to be left alone for so long. */
  readonly onPause?: ((pauseMs: number) => void) | undefined
  /** What was seen before cannot be read: it is set aside, and asked for again. */
  readonly onDamaged?: OnDamaged | undefined
  /** How long to wait for another publisher. @defaultValue not at all */
  readonly lock?: LockOptions | undefined
}

/**
 * Publish an HTTP repository that one does not hold: ask for each listed file, hash what comes, and write the signed
 * index into a directory of its own. Bytes of releases are not kept.
 *
 * What was seen is remembered at once, so that a run that was killed goes on where it was. Nothing that is published
 * goes because it is not listed; a mutable file goes when the origin says that it is gone.
 *
 * @throws {PublishRefusedError} when publishing would break a promise
 * @throws {OriginLostError} when the origin cannot be asked any more
 * @throws the signal's reason
 */
export async function publishFrom(options: PublishFromOptions): Promise<PublishReport> {
  const startMs = performance.now()
  const { stateDir, outDir, signal } = options
  await mkdir(outDir, { recursive: true })
  await using places = await openPlaces({ stateDir, treeDir: outDir, lock: options.lock })
  await using store = await ObservationStore.open(
    join(places.state.path, 'observed'),
    options.onDamaged,
  )
  await using listed = await PathSet.read(options.paths, {
    directory: places.stateFiles.temporaryPath(),
    meaning: options.isChanges === true ? 'artifact' : 'nothing',
    signal,
  })
  await using origin = new PatientReader({
    ...options,
    userAgent: userAgent(options.version, remarkOf(options)),
    concurrency: options.concurrency ?? ORIGIN_CONCURRENCY,
    onPause: options.onPause ?? (() => undefined),
    signal,
  })
  const summary = await crawl({ places, store, listed, origin }, options)
  return summary.report({ leftOut: listed.leftOut, ms: performance.now() - startMs })
}

interface Crawl {
  readonly places: OpenedPlaces
  readonly store: ObservationStore
  readonly listed: PathSet
  readonly origin: PatientReader
}

async function crawl(
  { places, store, listed, origin }: Crawl,
  options: PublishFromOptions,
): Promise<PublishSummary> {
  const now = (): number => options.nowMs ?? Date.now()
  const { signal } = options
  const recheck = options.recheck === true || options.isChanges === true
  const judge = judgeOrigin({ origin, store, nowMs: now }, { recheck, signal })
  const turns = new Turns(listed, options.publishEveryMs ?? PUBLISH_EVERY_MS)
  const summary = new PublishSummary()
  for (let before = places.newest; !turns.isOver;) {
    const round = await publishRound(places, before, {
      source: {
        name: origin.url,
        steps: turns.next(),
        judge,
        check: () => {
          judge.checkGone(origin.url)
        },
        // Nobody is to begin with an index of nothing because of a wrong URL.
        checkFirst: () => {
          judge.checkAnswers(origin.url)
        },
        concurrency: options.concurrency ?? ORIGIN_CONCURRENCY,
        isPartial: true,
      },
      options: {
        observed: options.isOperator === true ? null : origin.url,
        nowMs: now(),
        // What is said to have changed may be gone.
        allowShrink: options.allowShrink === true || options.isChanges === true,
        resign: options.resign === true,
        restore: new Set(options.restore),
        signal,
        onProgress: options.onProgress,
      },
    })
    await store.dropFiles()
    await sweep(places, round.state, { nowMs: now() })
    summary.add(round)
    before = round.state
  }
  // The timestamp was signed anew all the same: what is published does not grow stale while the origin is away.
  judge.checkAnswers(origin.url)
  return summary
}

/** Goes through a list in turns of bounded time, each behind the one before. */
class Turns {
  readonly #listed: PathSet
  readonly #turnMs: number
  #last: string | undefined
  #isOver = false

  constructor(listed: PathSet, turnMs: number) {
    this.#listed = listed
    this.#turnMs = turnMs
  }

  get isOver(): boolean {
    return this.#isOver
  }

  async *next(): AsyncGenerator<ScannedFile> {
    const endMs = performance.now() + this.#turnMs
    for await (const path of this.#listed.paths(this.#last)) {
      yield { kind: 'file', path }
      this.#last = path
      if (performance.now() >= endMs) return
    }
    this.#isOver = true
  }
}

function remarkOf({ contact }: PublishFromOptions): string {
  return contact === undefined ? 'observing' : `observing; +${contact}`
}
