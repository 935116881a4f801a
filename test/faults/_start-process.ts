// Starts nodes on directories that others left, in a process that does nothing else, so that only the start itself is measured.
import { createNode } from '@jarswarm/node'
import { silentLogger } from '@jarswarm/testkit'
import { waitedForProcessorMs } from '../_process-figures.ts'
import { answerParent } from './_child.ts'

export interface StartQuestion {
  readonly dataDir: string
  readonly quotaBytes: number
}

/** How a start went. */
export type StartReport =
  | {
      readonly kind: 'started'
      /** As it was, and without what its main thread waited for a processor. */
      readonly tookMs: number
      readonly aloneMs: number
      /** Number of the head in use, 0 for none. */
      readonly seq: number
    }
  | { readonly kind: 'failed'; readonly message: string }

async function start({ dataDir, quotaBytes }: StartQuestion): Promise<StartReport> {
  const waitedBeforeMs = waitedForProcessorMs(process.pid)
  const begunMs = performance.now()
  await using node = await createNode({
    dataDir,
    quotaBytes,
    version: '0.0.0-test',
    offline: true,
    logger: silentLogger,
  })
  await node.start()
  const tookMs = performance.now() - begunMs
  const aloneMs = tookMs - (waitedForProcessorMs(process.pid) - waitedBeforeMs)
  const { seq } = node.statusNow().repositories[0]?.head ?? { seq: 0 }
  return { kind: 'started', tookMs, aloneMs, seq }
}

answerParent(async (question: StartQuestion): Promise<StartReport> => {
  try {
    return await start(question)
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
})
