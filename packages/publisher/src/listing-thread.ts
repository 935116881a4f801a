import { extname } from 'node:path'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { READY, UNTAKEN } from './listing.ts'
import type { Listing, ListingBatch, ListingThreadData } from './listing.ts'

/** The source runs as it stands, too. */
const WORKER = new URL(`./listing-worker${extname(import.meta.url)}`, import.meta.url)
/** A thread that gives nothing for so long was lost, or fares no better than whoever asks it. */
const PATIENCE_MS = 5_000

/**
 * A thread that lists directories ahead of a walk, as far as the walk has use for it.
 *
 * It is only ever faster: whoever gets nothing from it lists the directory himself. It keeps no process alive.
 */
export class ListingThread implements Disposable {
  readonly #control = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #patienceMs: number
  #listings: readonly Listing[] = []
  #at = 0
  #isOver = false

  /** Begin to start it. */
  constructor({ patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {}) {
    const { port1, port2: port } = new MessageChannel()
    const workerData: ListingThreadData = { port, control: this.#control }
    this.#worker = new Worker(WORKER, { workerData, transferList: [port] })
    this.#worker.unref()
    // What it cannot do, the walk does.
    this.#worker.once('error', () => (this.#isOver = true))
    this.#port = port1
    this.#patienceMs = patienceMs
  }

  /** Whether it has come up: until then nobody is to wait for it. */
  get isReady(): boolean {
    return Atomics.load(this.#control, READY) === 1
  }

  async whenReady(): Promise<void> {
    await Atomics.waitAsync(this.#control, READY, 0).value
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
   * Take the listing that comes next, and wait for it, if it is of this directory.
   *
   * @returns undefined when another one comes next, or none
   */
  take(path: string): Listing | undefined {
    while (this.#at === this.#listings.length && !this.#isOver) this.#receive()
    const next = this.#listings[this.#at]
    if (next?.path !== path) return undefined
    this.#at += 1
    return next
  }

  /** End it, whatever it does. Idempotent. */
  [Symbol.dispose](): void {
    this.#isOver = true
    this.#listings = []
    this.#port.close()
    void this.#worker.terminate()
  }

  #receive(): void {
    const received = receiveMessageOnPort(this.#port)
    if (received === undefined) {
      const woken = Atomics.wait(this.#control, UNTAKEN, 0, this.#patienceMs)
      if (woken === 'timed-out') this.#isOver = true
      return
    }
    const { listings, weight, isLast } = received.message as ListingBatch
    this.#listings = listings
    this.#at = 0
    this.#isOver = isLast
    Atomics.sub(this.#control, UNTAKEN, weight)
    Atomics.notify(this.#control, UNTAKEN)
  }
}
