import { formatEntryBundle, InvalidHistoryError, parseEntryBundle } from '@jarswarm/manifest'
import type { Tile } from '@jarswarm/manifest'

const HASH_BYTES = 32

/**
 * The narrower tile that a kept one begins with: the history was shorter once, and only grows.
 *
 * @returns undefined when what is kept is narrower than wanted, or damaged
 */
export function cutTile(
  kept: { readonly width: number; readonly bytes: Uint8Array },
  { level, width }: Tile,
): Uint8Array | undefined {
  if (kept.width < width) return undefined
  if (kept.width === width) return kept.bytes
  if (level !== 'entries') return kept.bytes.subarray(0, width * HASH_BYTES)
  try {
    return formatEntryBundle(parseEntryBundle(kept.bytes, kept.width).slice(0, width))
  } catch (error) {
    if (error instanceof InvalidHistoryError) return undefined
    throw error
  }
}
