import type { PublishProgress } from '@jarswarm/publisher'
import { SingleBar } from 'cli-progress'
import { formatSize } from './size.ts'
import { remark } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Without a terminal a long run says how far it is this often. */
const PROGRESS_MS = 30_000

/** Where a publish says how far it is, until it is stopped. */
export interface ShownProgress {
  readonly show: (progress: PublishProgress) => void
  readonly stop: () => void
}

/** How far a publish is, for people: a bar on a terminal, a line now and then elsewhere. */
export function createPublishProgress(terminal: Terminal): ShownProgress {
  const { err } = terminal
  if (err.isTTY !== true) {
    let saidAt = performance.now()
    const show = ({ done, hashedBytes }: PublishProgress): void => {
      if (performance.now() - saidAt < PROGRESS_MS) return
      saidAt = performance.now()
      remark(terminal, `${String(done)} files, ${formatSize(hashedBytes)} read`)
    }
    return { show, stop: () => undefined }
  }
  const bar = new SingleBar({
    stream: err,
    clearOnComplete: true,
    format: '{bar} {value} of {total} files, {hashed} read',
  })
  bar.start(0, 0, { hashed: formatSize(0) })
  return {
    show: ({ done, total, hashedBytes }) => {
      bar.setTotal(total)
      bar.update(done, { hashed: formatSize(hashedBytes) })
    },
    stop: () => {
      bar.stop()
    },
  }
}
