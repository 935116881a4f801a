import { setFlagsFromString } from 'node:v8'

/** The V8 that this was measured with. Another one may not know the flag, and would say so on each start. */
const MEASURED_MAJOR = '14'
/** By how much V8 lets its young generation grow when much in it lives on, and what it does by default. */
const HELD = 1
const DEFAULT = 2

/**
 * Load or start something without V8's young generation growing for it: modules live on, for which V8 would make room of 64 MiB
 * that a node at rest does not need, and give it back only after minutes of work. What comes later may let it grow again. One
 * at a time: the end of one ends it for all.
 */
export async function withSmallYoungGeneration<T>(task: () => Promise<T>): Promise<T> {
  setGrowth(HELD)
  try {
    return await task()
  } finally {
    setGrowth(DEFAULT)
  }
}

/** On the command line V8 does not take 1; while it runs it does. */
function setGrowth(factor: number): void {
  if (process.versions.v8.split('.')[0] !== MEASURED_MAJOR) return
  setFlagsFromString(`--semi-space-growth-factor=${String(factor)}`)
}
