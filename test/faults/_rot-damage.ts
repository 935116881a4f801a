import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import type { SeededRandom } from './_random.ts'

/** What a disk does to a file by itself. */
export const DAMAGE_KINDS = ['flip', 'truncate', 'zero-fill'] as const
export type DamageKind = (typeof DAMAGE_KINDS)[number]

const MAX_ZEROS = 4_096
const SECTOR_BYTES = 512

/** Damage a file that is not empty, keeping its mode and times, as a disk does. Where there are zeros already, a bit is turned instead. */
export function damage(file: string, kind: DamageKind, random: SeededRandom): void {
  const { mode, atime, mtime } = statSync(file)
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
  utimesSync(file, atime, mtime)
  chmodSync(file, mode)
}

/** Whether damage took the end of a file only, or put zeros there, as a crash does to what it appends to. */
export function isCutShort(sound: Uint8Array, damaged: Uint8Array): boolean {
  const length = damaged.findLastIndex((byte) => byte !== 0) + 1
  return Buffer.compare(sound.subarray(0, length), damaged.subarray(0, length)) === 0
}

/** Whether zeros, from where damage begins to the end of that sector, are what a power cut leaves of a write that was not synced. */
export function isTorn(sound: Uint8Array, damaged: Uint8Array): boolean {
  const begin = damaged.findIndex((byte, at) => byte !== sound[at])
  if (begin === -1 || damaged.length !== sound.length) return false
  const sectorEnd = begin - (begin % SECTOR_BYTES) + SECTOR_BYTES
  return damaged.subarray(begin, sectorEnd).every((byte) => byte === 0)
}
