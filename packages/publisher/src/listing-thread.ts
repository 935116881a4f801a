import { extname } from 'node:path'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { READY, UNTAKEN } from './listing.ts'
import type { Listing, ListingBatch, ListingThreadData } from './listing.ts'

/** The source runs as it stands, too. */
const WORKER = new URL(`./listing-worker${extname(import.meta.url)}`, import.meta.url)
/** An older listing is not used: a file waits for ten seconds for a sidecar, which must not be missed for having been listed before. */
const FRESH_MS = 1_000
const NS_PER_MS = 1e6

export interface ListingThreadInit {
  /** How old a listing may be when it is taken, in milliseconds. @defaultValue 1 000 */
  readonly freshMs?: number
}

/**
 * A thread that lists directories ahead of a walk, as far as the walk has use for it.
 *
 * It is only ever faster: nobody waits for it, and whoever gets nothing from it lists the directory himself. It keeps no process alive.
 */
export class ListingThread implements Disposable {
  readonly #control = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #freshMs: number
  #listings: readonly Listing[] = []
  #at = 0
  #sinceNs = 0n

  /**
   * Begin to start it.
   *
   * @throws when the system has no thread to give
   */
  constructor({ freshMs = FRESH_MS }: ListingThreadInit = {}) {
    const { port1, port2: port } = new MessageChannel()
    const workerData: ListingThreadData = { port, control: this.#control }
    this.#worker = new Worker(WORKER, { workerData, transferList: [port] })
    this.#worker.unref()
    // What it cannot do, the walk does.
    this.#worker.once('error', () => undefined)
    this.#port = port1
    this.#freshMs = freshMs
  }

  /** Whether it has come up: what it is told before that is heard only then. */
  get isReady(): boolean {
    return Atomics.load(this.#control, READY) === 1
  }

  /**
   * Have it list directories, and those in them but for hidden ones and links, in ascending order of whole paths. To be called once.
   *
   * @param paths the next one last
   */
  begin(paths: readonly string[]): void {
    this.#port.postMessage(paths)
  }

  /**
   * Take the listing of a directory, if it is there and fresh. Directories are asked for in ascending order of whole paths.
   *
   * @returns undefined when it is not there, or the system did not let the thread list it
   */
  take(path: string): Listing | undefined {
    for (;;) {
      const next = this.#next()
      // What comes by later has been listed by the walk when it comes.
      if (next === undefined || isBefore(path, next.path)) return undefined
      this.#at += 1
      if (next.path === path) return this.#isFresh() ? next : undefined
    }
  }

  /** End it, whatever it does. Idempotent. */
  [Symbol.dispose](): void {
    this.#listings = []
    this.#port.close()
    void this.#worker.terminate()
  }

  #next(): Listing | undefined {
    if (this.#at === this.#listings.length) this.#receive()
    return this.#listings[this.#at]
  }

  #receive(): void {
    const received = receiveMessageOnPort(this.#port)
    if (received === undefined) return
    const { listings, weight, sinceNs } = received.message as ListingBatch
    this.#listings = listings
    this.#at = 0
    this.#sinceNs = sinceNs
    Atomics.sub(this.#control, UNTAKEN, weight)
    Atomics.notify(this.#control, UNTAKEN)
  }

  #isFresh(): boolean {
    return Number(process.hrtime.bigint() - this.#sinceNs) <= this.#freshMs * NS_PER_MS
  }
}

/** Whether a walk comes to one directory before another one. */
function isBefore(one: string, other: string): boolean {
  return `${one}/` < `${other}/`
}
