import type { Stream } from '@libp2p/interface'
import { decode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'

/** A stream of libp2p as far as the exchange uses it, whose other side is the test. */
export class FakeStream extends EventTarget {
  /** What was sent, one frame each, without their lengths. */
  readonly sent: Uint8Array[] = []
  readonly status = 'open'
  readonly readableEnded = false
  /** Above zero the other side takes nothing. */
  writeBufferLength = 0
  aborted: Error | undefined

  get stream(): Stream {
    return this as unknown as Stream
  }

  send(chunk: Uint8Array | Uint8ArrayList): boolean {
    for (const frame of decode([chunk])) this.sent.push(frame.subarray())
    return true
  }

  /** Let these bytes arrive. */
  deliver(bytes: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: new Uint8ArrayList(bytes) }))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  abort(error: Error): void {
    this.aborted = error
    this.dispatchEvent(Object.assign(new Event('close'), { error }))
  }
}
