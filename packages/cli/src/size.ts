import bytes from 'bytes'

const SIZE = /^(\d+(?:\.\d+)?)([KMGT]?)B?$/i

/**
 * Read a size such as `500M` or `20G`; the units are powers of 1024.
 *
 * @returns whole bytes, or undefined when the text is no size
 */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = SIZE.exec(text) ?? []
  if (amount === undefined) return undefined
  const sizeBytes = bytes.parse(`${amount}${unit ?? ''}B`)
  return sizeBytes !== null && Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined
}

/** A size for people, `1.5 GB`. */
export function formatSize(sizeBytes: number): string {
  return (
    bytes.format(sizeBytes, { unitSeparator: ' ', decimalPlaces: 1 }) ?? `${String(sizeBytes)} B`
  )
}
