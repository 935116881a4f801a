import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { HeliaReply, HeliaTask } from './helia/_helia-process.ts'

const PROCESS = fileURLToPath(new URL('helia/_helia-process.ts', import.meta.url))
const INSTALLED = fileURLToPath(new URL('helia/node_modules/helia', import.meta.url))

/** Whether Helia is installed, and how it gets there. */
export const missingHelia: string | undefined = existsSync(INSTALLED)
  ? undefined
  : 'Helia is not installed (npm ci --ignore-scripts --prefix test/bench/helia)'

/** A process with a Helia node that has done what it was told first. */
export interface HeliaProcess<Kind extends HeliaReply['kind']> {
  readonly process: ChildProcess
  readonly reply: HeliaReply & { readonly kind: Kind }
  stop(): Promise<void>
}

/** Let a process of its own do something with Helia, and wait for its word. */
export async function startHelia<Kind extends HeliaReply['kind']>(
  kind: Kind,
  task: HeliaTask,
): Promise<HeliaProcess<Kind>> {
  const child = fork(PROCESS)
  child.send(task)
  const gone = once(child, 'exit')
  const ended = gone.then(([code]) => {
    throw new Error(`Cannot go on: a process with Helia ended with ${String(code)}`)
  })
  const [reply] = (await Promise.race([once(child, 'message'), ended])) as [HeliaReply]
  ended.catch(() => undefined)
  if (reply.kind !== kind)
    throw new Error(`Cannot go on: found ${reply.kind} of Helia, wanted ${kind}`)
  return {
    process: child,
    reply: reply as HeliaReply & { readonly kind: Kind },
    stop: async () => {
      if (child.connected) child.disconnect()
      await gone
    },
  }
}
