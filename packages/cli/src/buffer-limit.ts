import { setV8Flag } from './v8-flag.ts'

/** By how much buffers and heap together may grow between two collections. V8 has 1.3, which let held blobs cause ever more of them. */
const GROWTH = 2

/**
 * Let V8 see buffers and heap together when it decides to collect garbage. By itself it marks the whole heap for each 64 MiB of
 * buffers, whatever there is: bytes that pass through here, in three or four buffers each on their way, then cost
 * a collection for every 20 MB.
 */
export function limitBuffersWithHeap(): void {
  setV8Flag('--external-memory-accounted-in-global-limit')
  setV8Flag(`--external-memory-max-growing-factor=${String(GROWTH)}`)
}
