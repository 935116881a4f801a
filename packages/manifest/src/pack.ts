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
 * Read a pack. The objects share its memory, and nothing is known of them but their lengths.
 *
 * @throws {InvalidPackError} while iterating, at the place where it is malformed
 */
export function* parsePack(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!HEADER.equals(bytes.subarray(0, HEADER.length))) throw new InvalidPackError('no header')
  let offset = HEADER.length
  while (offset < bytes.length) {
    if (offset + LENGTH_BYTES > bytes.length) throw new InvalidPackError('an end inside a length')
    const length = view.getUint32(offset)
    offset += LENGTH_BYTES
    if (length === 0 || length > MAX_OBJECT_BYTES) {
      throw new InvalidPackError(`an object of ${length} bytes`)
    }
    if (offset + length > bytes.length) throw new InvalidPackError('an end inside an object')
    yield bytes.subarray(offset, offset + length)
    offset += length
  }
}
