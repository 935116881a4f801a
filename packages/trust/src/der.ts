// The few kinds of DER (X.690) that the file of an encrypted key is made of.

export const SEQUENCE = 0x30
export const INTEGER = 0x02
export const OCTETS = 0x04
export const OBJECT_ID = 0x06

/** One element that was read. */
export interface DerElement {
  readonly tag: number
  readonly content: Buffer
}

/** An element of at most 255 bytes of content: an ed25519 key needs no more. */
export function writeDer(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content)
  const length = bytes.length < 0x80 ? [bytes.length] : [0x81, bytes.length]
  return Buffer.concat([Buffer.of(tag, ...length), bytes])
}

/** An integer from 1 to 32 767. */
export function writeDerInteger(value: number): Buffer {
  return writeDer(INTEGER, value < 0x80 ? Buffer.of(value) : Buffer.of(value >> 8, value & 0xff))
}

/**
 * Read the elements that bytes consist of, one behind the other.
 *
 * @returns undefined when they are not whole, or one has 64 KiB or more
 */
export function readDer(bytes: Buffer): readonly DerElement[] | undefined {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first] = bytes.subarray(at)
    if (first === undefined) return undefined
    // Above 0x80 it is the number of bytes that the length takes; 0x80 itself, an end by a mark, is not DER.
    const lengthBytes = first < 0x80 ? 0 : first - 0x80
    const start = at + 2 + lengthBytes
    if (first === 0x80 || lengthBytes > 2 || start > bytes.length) return undefined
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
    at = start + length
    if (at > bytes.length) return undefined
    elements.push({ tag, content: bytes.subarray(start, at) })
  }
  return elements
}
