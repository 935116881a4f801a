import { realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { reconcile } from './complete-state.ts'
import type { PublishPlaces } from './complete-state.ts'
import { DurableFiles } from './durable-files.ts'
import type { DurableFilesInit } from './durable-files.ts'
import { describeErrno } from './errno.ts'
import { StateDirectoryError } from './errors.ts'
import { publishedLayout } from './layout.ts'
import { readNewestState } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { openStateDirectory } from './state-directory.ts'
import { lockState } from './state-lock.ts'
import type { LockOptions } from './state-lock.ts'

export interface OpenPlacesOptions extends DurableFilesInit {
  readonly stateDir: string
  readonly treeDir: string
  /** Whether to wait for another publisher. */
  readonly lock?: LockOptions | undefined
}

/** A locked state directory and a tree that agree. Unlocked by `await using`. */
export interface OpenedPlaces extends PublishPlaces, AsyncDisposable {
  /** The state that stands published; undefined before the first publish. */
  readonly newest: PublishedState | undefined
}

/**
 * Open a state directory and a tree for publishing: nobody else does, and a publish that was cut off is completed.
 *
 * @throws {PublishRefusedError} when they do not belong together, or somebody else publishes
 */
export async function openPlaces(options: OpenPlacesOptions): Promise<OpenedPlaces> {
  const state = await openStateDirectory(resolve(options.stateDir))
  const treeDir = await openTree(options.treeDir)
  await refuseNested(state.path, treeDir)
  const lock = await lockState(state.path, options.lock)
  try {
    const tree = publishedLayout(treeDir)
    const init = options.before === undefined ? {} : { before: options.before }
    const places: PublishPlaces = {
      state,
      tree,
      stateFiles: new DurableFiles(state.layout.temporary, init),
      treeFiles: new DurableFiles(tree.temporary, init),
    }
    await places.stateFiles.start()
    const found = await readNewestState(state.layout)
    await reconcile(places, found)
    await places.treeFiles.start()
    const newest = found && { ...found, wasPublished: true }
    return { ...places, newest, [Symbol.asyncDispose]: () => close(places, lock) }
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

async function close(places: PublishPlaces, lock: AsyncDisposable): Promise<void> {
  try {
    await places.treeFiles.stop()
    await places.stateFiles.stop()
  } finally {
    await lock[Symbol.asyncDispose]()
  }
}

async function openTree(treeDir: string): Promise<string> {
  try {
    const path = await realpath(treeDir)
    if ((await stat(path)).isDirectory()) return path
  } catch (cause) {
    throw new Error(
      `Cannot publish ${treeDir}: found ${describeErrno(cause)}, wanted a directory`,
      {
        cause,
      },
    )
  }
  throw new Error(`Cannot publish ${treeDir}: found a file, wanted a directory`)
}

/** The tree is served to everyone, and the state directory holds keys. */
async function refuseNested(stateDir: string, treeDir: string): Promise<void> {
  const path = await realpath(stateDir)
  if (path !== treeDir && !path.startsWith(treeDir + sep)) return
  throw new StateDirectoryError(
    `Cannot publish ${treeDir}: found the state directory ${path} in it, wanted its keys outside of what is served`,
  )
}
