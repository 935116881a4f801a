import { dirname, join } from 'node:path'
import { isMutablePath } from '@jarswarm/maven'
import { lookAtTree } from './look-at-tree.ts'
import { FailedSyncs } from './failed-syncs.ts'
import { judgeFile, judgeUnchanged } from './judge-file.ts'
import type { Settling } from './judge-file.ts'
import { openPlaces } from './open-places.ts'
import type { OpenedPlaces, OpenPlacesOptions } from './open-places.ts'
import { PathSet } from './path-set.ts'
import { publishRound } from './publish-round.ts'
import type { ScanSource } from './publish-round.ts'
import { PublishSummary } from './publish-report.ts'
import type { PublishReport } from './publish-report.ts'
import type { PublishProgress } from './scan-tree.ts'
import type { LockOptions } from './state-lock.ts'
import { sweep, SWEEP_PATIENCE_MS } from './sweep.ts'
import type { TreeFile } from './tree-file.ts'
import { treeSteps } from './walk-tree.ts'

/** Files hashed at a time: Node reads and hashes on few threads, so more would only wait. */
const HASH_CONCURRENCY = 4

export interface PublishTreeOptions {
  readonly stateDir: string
  readonly treeDir: string
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  /**
   * Base URL that these files were seen at by somebody who is not its operator; goes into the head.
   *
   * @defaultValue null: the operator signs
   */
  readonly observed?: string | null | undefined
  /**
   * Paths to look at, one a line; all others stay as they are. Sidecars stand for their artifacts.
   *
   * @defaultValue the whole tree is looked at
   */
  readonly changes?: AsyncIterable<string> | undefined
  /** Read releases again that seem unchanged: a damaged disk leaves a file its size and time. */
  readonly recheck?: boolean | undefined
  /** Which files are too young to be whole. @defaultValue none */
  readonly settling?: Settling | undefined
  /**
   * Files whose sync failed, to be kept from one publish of a process to the next, as this adds to it: what the state directory is to
   * remember of them a failing disk may not take.
   *
   * @defaultValue only what the state directory remembers
   */
  readonly failedSyncs?: Set<string> | undefined
  /** Files hashed at a time. @defaultValue 4 */
  readonly concurrency?: number | undefined
  /** Publish a tree with less than half of the files of last time, too. */
  readonly allowShrink?: boolean | undefined
  /** Sign the timestamp anew in any case, not only when it is older than an hour. */
  readonly resign?: boolean | undefined
  /** Withdrawn paths that may come back: a release with the bytes that it had. */
  readonly restore?: readonly string[] | undefined
  /** Ends the scan; a state that is decided is completed all the same. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined
  /** How long to wait for another publisher. @defaultValue not at all */
  readonly lock?: LockOptions | undefined
}

/**
 * Publish a Maven tree: write its signed index below `.jarswarm/`, reading only what changed since the last time.
 *
 * Readers see the state before or the state after, whatever moment this is killed at; the next run goes on where this
 * one ended. Without changes nothing is published but, once an hour, a new timestamp.
 *
 * @throws {PublishRefusedError} when publishing would break a promise
 * @throws the signal's reason
 */
export async function publishTree(options: PublishTreeOptions): Promise<PublishReport> {
  return publishWith(options, {})
}

/** `publishTree`, with a watch on each change of the disk for tests that stop at any of them. */
export async function publishWith(
  options: PublishTreeOptions,
  inject: Pick<OpenPlacesOptions, 'before'>,
): Promise<PublishReport> {
  const startMs = performance.now()
  const { nowMs = Date.now(), observed = null, signal, onProgress } = options
  await using places = await openPlaces({ ...options, ...inject })
  await using changed =
    options.changes === undefined
      ? undefined
      : await PathSet.read(options.changes, {
          directory: places.stateFiles.temporaryPath(),
          meaning: 'artifact',
          signal,
        })
  const round = await publishRound(places, places.newest, {
    source: await openTree(places, options, changed),
    options: {
      observed,
      nowMs,
      signal,
      onProgress,
      // What is said to have changed may be gone.
      allowShrink: options.allowShrink === true || options.changes !== undefined,
      resign: options.resign === true,
      restore: new Set(options.restore),
    },
  })
  await sweep(places, round.state, { nowMs, patienceMs: changed && SWEEP_PATIENCE_MS })
  const summary = new PublishSummary()
  summary.add(round)
  return summary.report({ leftOut: changed?.leftOut ?? 0, ms: performance.now() - startMs })
}

async function openTree(
  places: OpenedPlaces,
  { treeDir, recheck = false, settling, failedSyncs, concurrency, signal }: PublishTreeOptions,
  changed: PathSet | undefined,
): Promise<ScanSource<TreeFile>> {
  const { state, tree, stateFiles, treeFiles } = places
  const root = dirname(tree.directory)
  const judging = {
    temporaryPath: () => treeFiles.temporaryPath(),
    stage: (bytes: Uint8Array) => treeFiles.stage(bytes),
    keepName: ({ path, realPath }: TreeFile) => {
      // Of a link both names are needed.
      for (const name of [realPath, join(root, path)]) treeFiles.keepName(name, root)
    },
    failedSyncs: await FailedSyncs.read(state.layout.failedSyncs, stateFiles, failedSyncs),
    settling,
    signal,
  }
  return {
    name: treeDir,
    ...(changed === undefined
      ? { isPartial: false, steps: treeSteps(treeDir, signal) }
      : { isPartial: true, steps: lookAtTree(treeDir, changed.paths(), signal) }),
    judge: {
      // Nothing tells a damaged mutable file from one that is meant to be so; what is published of it is a copy.
      known: (file, recorded) =>
        recheck && !isMutablePath(file.path) ? undefined : judgeUnchanged(file, recorded),
      look: (file, recorded) => judgeFile(file, recorded, judging),
    },
    concurrency: concurrency ?? HASH_CONCURRENCY,
  }
}
