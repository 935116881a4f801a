import { setV8Flag } from './v8-flag.ts'

/** How long little must have been done. */
const REST_MS = 5_000
/** Share of one processor below which a process is at rest; with 16 peers and nothing to do a node takes 0.4 %. */
const REST_SHARE = 0.05
/** How soon it shows that a process at rest works again: a build is over in seconds. */
const WAKE_MS = 250
/** The share that it takes then. Above what a message now and then takes of so short a time. */
const WAKE_SHARE = 0.2
const MICROSECONDS = 1_000

export interface RestComponents {
  /** Processor time of this process so far. */
  readonly cpuUsage: () => NodeJS.CpuUsage
  readonly setFlag: (flag: string) => void
}

/**
 * Have V8 save memory while this process is at rest, as browsers do in tabs that nobody looks at, and time while it works: left
 * alone, V8 collected what a first sync left only after 90 to 100 s.
 *
 * @returns ends it, and leaves V8 to save time
 */
export function saveMemoryAtRest(
  { cpuUsage, setFlag }: RestComponents = {
    cpuUsage: () => process.cpuUsage(),
    setFlag: setV8Flag,
  },
): () => void {
  let before = cpuUsage()
  let isAtRest = false
  const rest = (is: boolean): void => {
    if (is !== isAtRest) setFlag(is ? '--optimize-for-size' : '--no-optimize-for-size')
    isAtRest = is
  }
  const look = (): void => {
    const now = cpuUsage()
    const workedMs = (now.user + now.system - before.user - before.system) / MICROSECONDS
    before = now
    rest(workedMs < (isAtRest ? WAKE_SHARE * WAKE_MS : REST_SHARE * REST_MS))
    timer = lookLater()
  }
  const lookLater = (): NodeJS.Timeout => setTimeout(look, isAtRest ? WAKE_MS : REST_MS).unref()
  let timer = lookLater()
  return () => {
    clearTimeout(timer)
    rest(false)
  }
}
