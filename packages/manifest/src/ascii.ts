import { MAX_OBJECT_BYTES } from './limits.ts'

/** Bytes as text, one character each; undefined when one of them is not ASCII. */
export function asciiOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return /^[\0-\x7f]*$/.test(text) ? text : undefined
}

/**
 * The lines of an object; undefined when a byte is not ASCII. Text behind the last line end is a line, too, and perhaps empty.
 */
export function asciiLinesOf(bytes: Uint8Array): string[] | undefined {
  // The limit, which no object reaches, keeps V8 from remembering each line in its table of strings, which never gave back.
  return asciiOf(bytes)?.split('\n', MAX_OBJECT_BYTES + 1)
}
