import { randomBytes } from 'node:crypto'

const MAX_VARINT_BYTES = 10

/** A number as protobuf and the exchange write it. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80 && bytes.length < MAX_VARINT_BYTES; rest = Math.floor(rest / 0x80))
    bytes.push((rest % 0x80) | 0x80)
  return Buffer.of(...bytes, rest)
}

/** A length and the body that it counts. */
export function lengthPrefixed(body: Uint8Array): Uint8Array {
  return Buffer.concat([varint(body.length), body])
}

/** A field of protobuf that holds bytes. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), lengthPrefixed(bytes)])
}

/** A field of protobuf that holds a number. */
export function numberField(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)])
}

/** The same bytes many times over. */
export function times(count: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat(Array<Uint8Array>(count).fill(bytes))
}

/** A hash of nothing. */
export const nonsense = (): Uint8Array => randomBytes(32)
