/**
 * What the age of a head means. `fresh`: its timestamp has not expired. `stale`: expired. `suspect`: older
 * than `maxStale`. Says nothing about bytes: those stay verified.
 */
export type Freshness = 'fresh' | 'stale' | 'suspect'
