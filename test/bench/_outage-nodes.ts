import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { NodeInit } from '@jarswarm/node'

const PROCESS = fileURLToPath(new URL('_outage-process.ts', import.meta.url))

/** What a node of the bench is told; all else is the same for all. */
export type OutageNodeInit = Pick<
  NodeInit,
  'dataDir' | 'bootstrap' | 'mirror' | 'donatedBytes' | 'syncIndex'
> & {
  readonly link: string
}

export type NodeOrder =
  | { readonly kind: 'start'; readonly node: number; readonly init: OutageNodeInit }
  | { readonly kind: 'stop'; readonly node: number }

export type NodeReply =
  | { readonly node: number; readonly url: string; readonly addresses: readonly string[] }
  | { readonly node: number; readonly error: string }

/** A real node in one of the bench's processes. */
export interface OutageNode {
  /** Base URL of the repository at it. */
  readonly url: string
  readonly addresses: readonly string[]
  status(): Promise<OutageStatus>
  stop(): Promise<void>
}

interface OutageStatus {
  readonly store: { readonly blobs: number }
  readonly peers: { readonly connected: number }
  readonly repositories: readonly { readonly index: { readonly complete: boolean } }[]
}

/** Processes that real nodes run in, several in each. */
export class OutageNodes {
  readonly #processes: readonly ChildProcess[]
  #made = 0

  constructor(processes: number) {
    this.#processes = Array.from({ length: processes }, () =>
      fork(PROCESS, { serialization: 'advanced' }),
    )
  }

  async start(init: OutageNodeInit): Promise<OutageNode> {
    this.#made += 1
    const node = this.#made
    const { url, addresses } = await this.#order({ kind: 'start', node, init })
    return {
      url: `${url}/sample/`,
      addresses,
      status: async () => (await (await fetch(`${url}/-/status`)).json()) as OutageStatus,
      stop: async () => {
        await this.#order({ kind: 'stop', node })
      },
    }
  }

  async stop(): Promise<void> {
    const gone = Promise.all(this.#processes.map((one) => once(one, 'exit')))
    for (const one of this.#processes) one.disconnect()
    await gone
  }

  async #order(order: NodeOrder): Promise<Extract<NodeReply, { url: string }>> {
    const child = this.#processes[order.node % this.#processes.length]
    if (child?.connected !== true) throw new Error('Cannot reach a process of nodes: it ended')
    const { promise, resolve } = Promise.withResolvers<NodeReply>()
    const take = (reply: NodeReply): void => {
      if (reply.node === order.node) resolve(reply)
    }
    const gone = (): void => {
      resolve({ node: order.node, error: 'its process ended' })
    }
    child.on('message', take).on('exit', gone)
    child.send(order)
    const reply = await promise
    child.off('message', take).off('exit', gone)
    if ('error' in reply) throw new Error(`Cannot ${order.kind} a node: ${reply.error}`)
    return reply
  }
}
