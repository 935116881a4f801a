import { lstatSync, readdirSync, watch } from 'node:fs'
import type { Dirent } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { errorCode } from '../error-code.ts'
import { WatchedDirectories } from './watched-directories.ts'

/** Linux tells of what happens directly in a directory, the others of all that is below it. */
const IS_RECURSIVE = process.platform === 'darwin' || process.platform === 'win32'
/** Others run after so long, in milliseconds, while directories are listed. */
const TURN_MS = 10
/** Events that the kernel keeps, where it does not say. */
const QUEUED_EVENTS = 16_384
/** The system has no room for more watches; all else is a matter of one directory. */
const NO_ROOM: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM'])
const QUEUE_FILE = '/proc/sys/fs/inotify/max_queued_events'

export interface TreeWatcherComponents {
  /** Something was changed at a path below the tree: a file, or what may be none. */
  readonly onChange: (path: string) => void
  /** What changed is not known: the whole tree is to be looked at. */
  readonly onUnknown: () => void
  /** Nothing more is told: the system has no room for it, or the tree itself cannot be watched. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Tells of changes in a tree as they happen. Hidden files and directories are left out, as are directories that cannot be read, and
 * links are not followed: who needs all has to look at the tree from time to time.
 *
 * A directory is watched before it is listed, so that nothing is lost that is made in a new one meanwhile. A watch is of
 * the directory that stood there, not of its name: whenever one comes to a name, it is watched anew.
 */
export class TreeWatcher {
  readonly #components: TreeWatcherComponents
  readonly #treeDir: string
  readonly #watches = new WatchedDirectories()
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
    this.#watches.close('')
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
    if (this.#isStopped || this.#watches.get(path) !== undefined || !this.#watch(path)) return
    const watch = this.#watches.get(path)
    yield
    // What is made from now on comes as an event, what was there before is listed.
    for (const entry of this.#list(path)) {
      // Gone meanwhile, or another stands there, which is listed by itself.
      if (this.#watches.get(path) !== watch) return
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
      watcher.on('error', (error) => {
        if (path === '') this.#fail(error)
        else if (this.#watches.get(path) === watcher) this.#forget(path)
      })
      this.#watches.add(path, watcher)
      return true
    } catch (error) {
      // Of what went since it was listed an event tells, of what cannot be read the next look at the tree.
      if (path === '' || NO_ROOM.has(errorCode(error))) this.#fail(error)
      return false
    }
  }

  #fail(error: unknown): void {
    this.stop()
    this.#components.onFailure(error)
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
    this.#look(path, kind === 'rename')
  }

  /** @param isOther whether another may stand there now */
  #look(path: string, isOther: boolean): void {
    const isWatched = this.#watches.get(path) !== undefined
    if (isWatched && !isOther) return
    const isDirectory = this.#isDirectory(path)
    if (isDirectory === undefined) return
    // What is watched went, or is not what stands there; moved away, its files tell nothing.
    if (isWatched) this.#forget(path)
    else if (!isDirectory) this.#components.onChange(path)
    if (isDirectory && !IS_RECURSIVE) void this.#addInTurns(path, this.#components.onChange)
  }

  /** Undefined when that cannot be told. */
  #isDirectory(path: string): boolean | undefined {
    try {
      const found = lstatSync(join(this.#treeDir, path), { throwIfNoEntry: false })
      return found?.isDirectory() === true
    } catch {
      this.#components.onUnknown()
      return undefined
    }
  }

  #forget(path: string): void {
    this.#watches.close(path)
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
