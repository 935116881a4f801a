/** A process with some real nodes, which are told apart by number. */
import { once } from 'node:events'
import { createNode } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { silentLogger } from '@jarswarm/testkit'
import { parseLink } from '@jarswarm/trust'
import type { NodeOrder, NodeReply } from './_outage-nodes.ts'

/**
 * Everything that donors wait for is shortened by so much, lest the bench take hours. With 20, fifty of them have enough to do
 * with one another for two processors, and builds measure that.
 */
const QUICKENED = 5
const SECOND_MS = 1_000 / QUICKENED
/** All nodes have one address, which gets a share of these only. */
const LIMITS = { inboundPerSecond: 1_000, maxConnections: 1_000 }
const DONOR_LIMITS = {
  ...LIMITS,
  noticeIntervalMs: 300 * SECOND_MS,
  noticeDebounceMs: 30 * SECOND_MS,
  noticePullMs: 60 * SECOND_MS,
}
const PACE = {
  planMs: 60 * SECOND_MS,
  replanMs: 10 * SECOND_MS,
  proofRunMs: 15 * SECOND_MS,
  retryMs: 60 * SECOND_MS,
  settleMs: 300 * SECOND_MS,
  patienceMs: 900 * SECOND_MS,
}

const nodes = new Map<number, Node>()

async function carryOut(order: NodeOrder): Promise<NodeReply> {
  if (order.kind === 'stop') {
    await nodes.get(order.node)?.stop()
    nodes.delete(order.node)
    return { node: order.node, url: '', addresses: [] }
  }
  const { link, ...init } = order.init
  const isDonor = init.donatedBytes !== undefined
  const node = await createNode({
    version: '0',
    join: [parseLink(link)],
    http: { host: '127.0.0.1', port: 0 },
    listen: ['/ip4/127.0.0.1/tcp/0'],
    logger: silentLogger,
    mechanisms: {
      limits: isDonor ? DONOR_LIMITS : LIMITS,
      ...(isDonor && { donations: PACE }),
    },
    ...init,
  })
  await node.start()
  nodes.set(order.node, node)
  return { node: order.node, url: String(node.url), addresses: node.listenAddresses() }
}

process.on('message', (order: NodeOrder) => {
  carryOut(order).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ node: order.node, error: String(error) }),
  )
})
await once(process, 'disconnect')
await Promise.all([...nodes.values()].map((node) => node.stop()))
