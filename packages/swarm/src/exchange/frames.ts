/**
 * Frames of the exchange: a varint length, then a body of at most `MAX_FRAME_BYTES`. The length is held to
 * its bound before anything is gathered for it.
 */
import { decode, encode } from 'it-length-prefixed'
import { MAX_FRAME_BYTES } from '../limits.ts'
import type { Chunk } from './stream-iterables.ts'

/** Cut what arrives into frames. Throws when a frame is too long, or the source ends within one. */
export async function* decodeFrames(source: AsyncIterable<Chunk>): AsyncGenerator<Uint8Array> {
  const options = { maxDataLength: MAX_FRAME_BYTES, maxLengthLength: 4 }
  for await (const frame of decode(source, options)) yield frame.subarray()
}

/** Put its length before each frame. */
export async function* encodeFrames(source: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  for await (const frame of source) yield encode.single(frame)
}
