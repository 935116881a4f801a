import { lstatSync, readdirSync, watch } from 'node:fs'
import type { Dirent, FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { errorCode } from '../error-code.ts'

/** Linux tells of what happens directly in a directory, the others of all that is below it. */
const IS_RECURSIVE = process.platform === 'darwin' || process.platform === 'win32'
/** Others run after so long, in milliseconds, while directories are listed. */
const TURN_MS = 10
/** Events that the kernel keeps, where it does not say. */
const QUEUED_EVENTS = 16_384
const QUEUE_FILE = '/proc/sys/fs/inotify/max_queued_events'

export interface TreeWatcherComponents {
  /** Something was changed at a path below the tree: a file, or what may be none. */
  readonly onChange: (path: string) => void
  /** What changed is not known: the whole tree is to be looked at. */
  readonly onUnknown: () => void
  /** Nothing more is told, as the system has no room for it. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Tells of changes in a tree as they happen. Hidden files and directories are left out, and links are not followed: who
 * needs all has to look at the tree from time to time.
 *
 * A directory is watched before it is listed, so that nothing is lost that is made in a new one meanwhile.
 */
export class TreeWatcher {
  readonly #components: TreeWatcherComponents
  readonly #treeDir: string
  /** By path below the tree; `''` is the tree. */
  readonly #watches = new Map<string, FSWatcher>()
  #isStopped = false
  #maxQueued = QUEUED_EVENTS
  /** Events since others ran. */
  #drained = 0

  constructor(components: TreeWatcherComponents, treeDir: string) {
    this.#components = components
    this.#treeDir = treeDir
  }

  /** Directories that are watched. */
  get size(): number {
    return this.#watches.size
  }

  /** Resolves when the whole tree is watched, or cannot be. */
  async start(): Promise<void> {
    this.#maxQueued = await readQueueSize()
    await this.#addInTurns('', () => undefined)
  }

  stop(): void {
    this.#isStopped = true
    for (const watcher of this.#watches.values()) watcher.close()
    this.#watches.clear()
  }

  /** The directory itself is watched when this returns. */
  async #addInTurns(path: string, onFile: (path: string) => void): Promise<void> {
    let turn = performance.now()
    const adding = this.#add(path, onFile)
    while (adding.next().done !== true) {
      if (performance.now() - turn < TURN_MS) continue
      await setImmediate()
      turn = performance.now()
    }
  }

  /** Watch a directory and those below it, directory by directory, and tell of the files that are there. */
  *#add(path: string, onFile: (path: string) => void): Generator<void> {
    if (this.#isStopped || this.#watches.has(path) || !this.#watch(path)) return
    yield
    // What is made from now on comes as an event, what was there before is listed.
    for (const entry of this.#list(path)) {
      if (entry.name.startsWith('.')) continue
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      if (!entry.isDirectory()) onFile(below)
      else if (!IS_RECURSIVE) yield* this.#add(below, onFile)
    }
  }

  #watch(path: string): boolean {
    try {
      const options = { persistent: false, recursive: IS_RECURSIVE }
      const watcher = watch(join(this.#treeDir, path), options, (kind, name) => {
        this.#heed(path, kind, name)
      })
      watcher.on('error', () => {
        this.#forget(path)
      })
      this.#watches.set(path, watcher)
      return true
    } catch (error) {
      // Gone since it was listed.
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false
      this.stop()
      this.#components.onFailure(error)
      return false
    }
  }

  #list(path: string): readonly Dirent[] {
    try {
      return readdirSync(join(this.#treeDir, path), { withFileTypes: true })
    } catch {
      // It went, which is an event, or cannot be read, of which the next look at the tree tells.
      return []
    }
  }

  #heed(directory: string, kind: string, name: string | null): void {
    if (this.#isStopped) return
    this.#count()
    if (name === null) {
      this.#components.onUnknown()
      return
    }
    const below = IS_RECURSIVE ? name.replaceAll(sep, '/') : name
    if (below.startsWith('.') || below.includes('/.')) return
    const path = directory === '' ? below : `${directory}/${below}`
    const isKnown = kind !== 'rename' && !IS_RECURSIVE
    if (isKnown ? this.#watches.has(path) : this.#isDirectory(path)) return
    this.#components.onChange(path)
  }

  /** Whether a path that came or went is or was a directory; of a new one the files are told. */
  #isDirectory(path: string): boolean {
    const found = lstatSync(join(this.#treeDir, path), { throwIfNoEntry: false })
    if (found?.isDirectory() === true) {
      if (!IS_RECURSIVE) void this.#addInTurns(path, this.#components.onChange)
      return true
    }
    if (!this.#watches.has(path)) return false
    // Moved away, its files tell nothing.
    this.#forget(path)
    return true
  }

  #forget(path: string): void {
    for (const [at, watcher] of this.#watches) {
      if (at !== path && !at.startsWith(`${path}/`)) continue
      watcher.close()
      this.#watches.delete(at)
    }
    if (!this.#isStopped) this.#components.onUnknown()
  }

  /** Node does not say when the kernel had no room for an event: then at least as many come at once as it keeps. */
  #count(): void {
    if (this.#drained === 0) {
      void setImmediate().then(() => {
        this.#drained = 0
      })
    }
    this.#drained += 1
    if (this.#drained === this.#maxQueued) this.#components.onUnknown()
  }
}

async function readQueueSize(): Promise<number> {
  try {
    return Number(await readFile(QUEUE_FILE, 'utf8')) || QUEUED_EVENTS
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES') return QUEUED_EVENTS
    throw error
  }
}
