/** Bytes as text, one character each; undefined when one of them is not ASCII. */
export function asciiOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return /^[\0-\x7f]*$/.test(text) ? text : undefined
}
