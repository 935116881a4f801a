import { existsSync } from 'node:fs'
import { ControlClient, createNode, NoNodeError } from '@jarswarm/node'
import type { NodeControl } from '@jarswarm/node'
import { createTerminalLogger } from './terminal-logger.ts'
import { dataDirectory, readNodeSettings } from './node-settings.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'
import { programVersion } from './version.ts'

/** Any free port: the usual one may belong to another node. */
const ANY_PORT = ['/ip4/0.0.0.0/tcp/0']

export interface WithNodeInit {
  readonly terminal: Terminal
  readonly flags: Readonly<Record<string, unknown>>
  /** Whether a node that is made for this command only may do without the network. */
  readonly offline: boolean
}

/**
 * Do something with the node of a data directory: the one that runs, or else one without an endpoint that is
 * started for it and stopped afterwards.
 */
export async function withNode<T>(
  { terminal, flags, offline }: WithNodeInit,
  task: (node: NodeControl) => Promise<T>,
): Promise<T> {
  const running = new ControlClient(dataDirectory(flags, terminal.env))
  if (await isRunning(running, terminal.signal)) return task(running)
  if (offline) refuseNothing(flags, terminal.env)
  const settings = await readNodeSettings(flags, terminal.env)
  const node = await createNode({
    ...settings,
    http: undefined,
    listen: ANY_PORT,
    offline: offline || settings.offline,
    syncIndex: false,
    mirror: 'none',
    logger: createTerminalLogger(terminal, settings.logLevel),
    version: programVersion(),
  })
  try {
    await node.start()
    return await task(node)
  } finally {
    await node.stop()
  }
}

/** What only looks at what is there must not make a data directory where a name was mistyped. */
function refuseNothing(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const directory = dataDirectory(flags, env)
  if (flags['data'] === undefined || existsSync(directory)) return
  throw new UsageError(
    `Cannot use --data ${directory}: found nothing there, the data directory of a node is wanted`,
  )
}

async function isRunning(node: ControlClient, signal: AbortSignal): Promise<boolean> {
  try {
    await node.status({ signal })
    return true
  } catch (error) {
    if (error instanceof NoNodeError) return false
    throw error
  }
}
