import { Mirror, MirroredRepository } from '@jarswarm/mirror'
import type { MirroredRepositoryInit } from '@jarswarm/mirror'
import { SystemClock } from '@jarswarm/node'
import type { Swarm, Upstream } from '@jarswarm/ports'
import { createSwarm } from '@jarswarm/swarm'
import type { SwarmInit } from '@jarswarm/swarm'
import {
  MemoryEvidenceStore,
  MemoryHistoryStore,
  MemoryIndexStore,
  MemoryRecordStore,
  MemoryServedLog,
  MemoryTrustStore,
  silentLogger,
} from '@jarswarm/testkit'
import type { MemoryBlobStore } from '@jarswarm/testkit'
import { SwarmSlot } from '../../packages/node/src/swarm-slot.ts'

export interface MemoryNode {
  readonly swarm: Swarm
  readonly repository: MirroredRepository
  readonly blobs: MemoryBlobStore
  stop(): Promise<void>
}

export interface MemoryNodeInit {
  readonly repository: MirroredRepositoryInit
  readonly swarm: SwarmInit
  readonly blobs: MemoryBlobStore
  readonly origin: Upstream
  /** What the repository sees of the network. @defaultValue all of it */
  readonly slot?: SwarmSlot
}

/** A node of one repository over libp2p: all is real but its stores, which are in memory. */
export async function startMemoryNode(init: MemoryNodeInit): Promise<MemoryNode> {
  const { blobs, origin, slot = new SwarmSlot() } = init
  const clock = new SystemClock()
  const mirror = new Mirror({ blobs })
  const repository = new MirroredRepository(
    {
      blobs,
      index: new MemoryIndexStore(init.repository.id),
      trust: new MemoryTrustStore(),
      history: new MemoryHistoryStore(),
      evidence: new MemoryEvidenceStore(),
      records: new MemoryRecordStore(),
      served: new MemoryServedLog(),
      swarm: slot,
      upstreams: [origin],
      clock,
      logger: silentLogger,
    },
    init.repository,
  )
  await mirror.add(repository)
  // A swarm is made for the repositories that are followed by then.
  const swarm = await createSwarm({ content: mirror, clock, logger: silentLogger }, init.swarm)
  slot.fill(swarm)
  await mirror.start()
  await swarm.start()
  return {
    swarm,
    repository,
    blobs,
    stop: async () => {
      await swarm.stop()
      await mirror.stop()
    },
  }
}
