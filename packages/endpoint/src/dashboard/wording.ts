const SIZE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const
const TIME_UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** A size for people: `86.1 MB`. */
export function formatSize(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3)
  const unit = Math.min(step, SIZE_UNITS.length - 1)
  const value = bytes / 1000 ** unit
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${SIZE_UNITS[unit] ?? ''}`
}

/** A duration for people in its largest unit: `3 hours`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [size, name] = TIME_UNITS.find(([unit]) => whole >= unit) ?? [1, 'second']
  const count = Math.floor(whole / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** A count with separators: `7,301`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** A time of ISO 8601 in UTC, to the minute: `2026-11-22 20:18 UTC`. */
export function formatTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
