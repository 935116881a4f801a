/**
 * A pack: many objects in one file, so that a newcomer needs one download.
 *
 *     offset  size  field
 *          0    16  `jarswarm pack 1` and a line end
 *         16     4  length of the first object, big-endian, 1 to MAX_OBJECT_BYTES
 *         20     n  its bytes
 *                   and so on to the end
 *
 * The objects bear no names: whoever reads a pack hashes each.
 */
import { InvalidPackError } from './errors.ts'
import { MAX_OBJECT_BYTES } from './limits.ts'

const HEADER = Buffer.from('jarswarm pack 1\n', 'latin1')
const LENGTH_BYTES = 4

/** Write a pack of some objects, in the order given. */
export function formatPack(objects: Iterable<Uint8Array>): Uint8Array {
  return Buffer.concat([...packChunks(objects)])
}

/**
 * Write a pack in chunks, for packs that are better not held at once.
 *
 * @throws {RangeError} when an object is empty or larger than `MAX_OBJECT_BYTES`
 */
export function* packChunks(objects: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield HEADER
  for (const object of objects) {
    if (object.length === 0 || object.length > MAX_OBJECT_BYTES) {
      throw new RangeError(
        `Cannot pack an object: ${object.length} bytes, wanted 1 to ${MAX_OBJECT_BYTES}`,
      )
    }
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(object.length)
    yield length
    yield object
  }
}

/**
 * Read a pack as it comes, in chunks of any length, so that it need not be held at once. The objects share the memory of the
 * chunks, and nothing is known of them but their lengths.
 *
 * @throws {InvalidPackError} while iterating, at the place where it is malformed
 */
export async function* parsePack(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let began = false
  let held: Uint8Array[] = []
  let heldBytes = 0
  /** What comes next is whole when so many are here: only then are chunks joined, however short they are. */
  let wantedBytes = HEADER.length
  for await (const chunk of chunks) {
    held.push(chunk)
    heldBytes += chunk.length
    if (heldBytes < wantedBytes) continue
    let bytes = Buffer.concat(held)
    if (!began) {
      if (!HEADER.equals(bytes.subarray(0, HEADER.length))) throw new InvalidPackError('no header')
      began = true
      bytes = bytes.subarray(HEADER.length)
    }
    let length = firstLength(bytes)
    while (length !== undefined && bytes.length >= LENGTH_BYTES + length) {
      yield bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)
      bytes = bytes.subarray(LENGTH_BYTES + length)
      length = firstLength(bytes)
    }
    held = [bytes]
    heldBytes = bytes.length
    wantedBytes = LENGTH_BYTES + (length ?? 0)
  }
  if (!began) throw new InvalidPackError('no header')
  if (heldBytes > 0) throw new InvalidPackError('an end inside an object or its length')
}

/** How long the next object is; undefined while that is not here. */
function firstLength(bytes: Buffer): number | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined
  const length = bytes.readUInt32BE(0)
  if (length === 0 || length > MAX_OBJECT_BYTES) {
    throw new InvalidPackError(`an object of ${length} bytes`)
  }
  return length
}
