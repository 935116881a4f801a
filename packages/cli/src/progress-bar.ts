import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal.ts'

/** What stands for the words of a format. */
export type ProgressValues = Readonly<Record<string, string>>

/** Tells a person who waits how far it is, and of how much once that is known. */
export type Progress = (done: number, values: ProgressValues, total?: number) => void

/** How progress is shown. */
export interface ProgressInit {
  /** Of cli-progress, such as `{bar} {value} of {total} files, {read} read`. */
  readonly format: string
  /** The format's own words, before anything was done. */
  readonly start: ProgressValues
  /** How much there is to do; asked on a terminal only. */
  readonly countAll?: () => Promise<number>
}

/** Do something long, with a bar on a terminal that says how far it is; nothing is said elsewhere. */
export async function withProgress<T>(
  { err }: Terminal,
  { format, start, countAll }: ProgressInit,
  task: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (err.isTTY !== true) return await task(() => undefined)
  const bar = new SingleBar({ stream: err, clearOnComplete: true, format })
  bar.start((await countAll?.()) ?? 0, 0, start)
  try {
    return await task((done, values, total) => {
      if (total !== undefined) bar.setTotal(total)
      bar.update(done, values)
    })
  } finally {
    bar.stop()
  }
}
