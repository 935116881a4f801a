import { swarmConformance } from '@jarswarm/testkit'
import { startNode } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

swarmConformance('createSwarm', async (contents, { share = 'all' }) => {
  const stops: (() => unknown)[] = []
  const scope = { after: (stop: () => unknown) => stops.push(stop) } as never
  const nodes: TestNode[] = []
  for (const content of contents) {
    const knownPeers = nodes.flatMap(({ swarm }) => swarm.listenAddresses())
    const init = nodes.length === 0 ? { share } : {}
    nodes.push(await startNode(scope, { ...init, knownPeers }, content))
  }
  return {
    swarms: nodes.map(({ swarm }) => swarm),
    close: async () => {
      for (const stop of stops) await stop()
    },
  }
})
