/**
 * How an upstream of a test answers. `refusing`: every connection fails; `silent`: no byte ever comes;
 * `truncating`: half of each body, then a cut; `lying`: right length, wrong bytes; `stalling`: half of each
 * body, then silence; `failing`: status 503.
 */
export type UpstreamBehaviour =
  'healthy' | 'refusing' | 'silent' | 'truncating' | 'stalling' | 'lying' | 'failing'

/** The bytes of a file with each bit turned: same length, never the same digest. */
export function wrongBytes(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0xff)
}
