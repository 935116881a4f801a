import { readFileSync, statSync, writeFileSync, chmodSync } from 'node:fs'
import type { SeededRandom } from './_random.ts'

/** What a disk does to a file by itself. */
export const DAMAGE_KINDS = ['flip', 'truncate', 'zero-fill'] as const
export type DamageKind = (typeof DAMAGE_KINDS)[number]

const MAX_ZEROS = 4_096

/** Damage a file that is not empty, keeping its mode. Where there are zeros already, a bit is turned instead. */
export function damage(file: string, kind: DamageKind, random: SeededRandom): void {
  const { mode } = statSync(file)
  const bytes = readFileSync(file)
  const at = random.below(bytes.length)
  chmodSync(file, 0o600)
  if (kind === 'truncate') writeFileSync(file, bytes.subarray(0, at))
  else {
    const damaged = Buffer.from(bytes)
    if (kind === 'zero-fill')
      damaged.fill(0, at, Math.min(bytes.length, at + 1 + random.below(MAX_ZEROS)))
    if (damaged.equals(bytes)) damaged.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
    writeFileSync(file, damaged)
  }
  chmodSync(file, mode)
}
