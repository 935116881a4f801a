import { setV8Flag } from './v8-flag.ts'

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
  setV8Flag(`--semi-space-growth-factor=${String(factor)}`)
}
