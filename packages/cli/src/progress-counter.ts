import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal.ts'

/** Tells a person who waits how far it is; `values` fill the format's words. */
export type Progress = (done: number, values: Readonly<Record<string, string>>) => void

/**
 * Do something long, with a line on a terminal that says how far it is; nothing is said elsewhere.
 *
 * @param format of cli-progress, such as `{value} files, {read} read`
 */
export async function withProgress<T>(
  { err }: Terminal,
  format: string,
  task: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (err.isTTY !== true) return await task(() => undefined)
  const bar = new SingleBar({ stream: err, clearOnComplete: true, format })
  bar.start(0, 0)
  try {
    return await task((done, values) => {
      bar.update(done, values)
    })
  } finally {
    bar.stop()
  }
}
