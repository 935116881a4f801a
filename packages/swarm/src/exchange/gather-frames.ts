import { Uint8ArrayList } from 'uint8arraylist'
import type { Chunk } from './stream-iterables.ts'

/** A chunk that is as long goes out without waiting for company: a message of libp2p's streams takes no more. */
const FULL_BYTES = 64 * 1024
/** Buffers below this are copied into one; to copy longer ones costs more than it saves. */
const SHORT_BYTES = 4 * 1024

/**
 * Pass on together what comes in one turn of the event loop. Each buffer that is sent costs an encryption, a system call
 * and perhaps a packet, which for small requests and answers is most of their cost.
 */
export async function* gatherFrames(source: AsyncIterable<Chunk>): AsyncGenerator<Chunk, void> {
  const chunks = source[Symbol.asyncIterator]()
  let coming = nextOf(chunks)
  try {
    for (;;) {
      const first = await coming
      if (first.done === true) return
      const gathered = new Uint8ArrayList(first.value)
      coming = nextOf(chunks)
      while (gathered.length < FULL_BYTES) {
        // One that fails is come to again when what came before it has gone out.
        const next = await Promise.race([coming.catch(() => undefined), endOfTurn()])
        if (next === undefined || next.done === true) break
        gathered.append(next.value)
        coming = nextOf(chunks)
      }
      yield joinShort(gathered)
    }
  } finally {
    // Not awaited: it ends only after what is still being waited for.
    chunks.return?.().catch(() => undefined)
  }
}

/** The same bytes, in as few buffers as go without copying what is long. */
function joinShort(buffers: Iterable<Uint8Array>): Uint8ArrayList {
  const joined = new Uint8ArrayList()
  let short = new Uint8ArrayList()
  const flush = (): void => {
    if (short.length > 0) joined.append(short.subarray())
    short = new Uint8ArrayList()
  }
  for (const buffer of buffers) {
    if (buffer.length < SHORT_BYTES) short.append(buffer)
    else {
      flush()
      joined.append(buffer)
    }
  }
  flush()
  return joined
}

/** The next chunk, whose failure is seen by whoever comes to it. */
function nextOf(chunks: AsyncIterator<Chunk>): Promise<IteratorResult<Chunk>> {
  const next = chunks.next()
  next.catch(() => undefined)
  return next
}

function endOfTurn(): Promise<undefined> {
  return new Promise((resolve) => {
    setImmediate(() => {
      resolve(undefined)
    })
  })
}
