import { ENDPOINT_LIMITS } from '@jarswarm/endpoint'
import type { Endpoint } from '@jarswarm/endpoint'
import { DATABASE_LIMITS } from '@jarswarm/files'
import { MIRROR_LIMITS } from '@jarswarm/mirror'
import type { Limit, LimitGroup, Swarm } from '@jarswarm/ports'
import { STORE_LIMITS } from '@jarswarm/store'
import type { DataDirectory } from '@jarswarm/store'
import type { SwarmInit, SwarmLimits } from '@jarswarm/swarm'
import { UPSTREAM_LIMITS } from '@jarswarm/upstream'
import type { DenyList } from '../deny/deny-list.ts'
import type { FollowedRepositories } from '../followed-repositories.ts'
import { openHandles } from './file-handles.ts'
import type { HandlePlan } from './file-handles.ts'
import { FORMAT_LIMITS } from './format-limits.ts'
import { reportLimits } from './limit-report.ts'
import type { LimitInForce, LimitReport } from './limit-report.ts'
import { NODE_LIMITS } from './limits.ts'

export interface NodeLimitsComponents {
  readonly data: Pick<DataDirectory, 'blobs'>
  readonly swarm: Pick<Swarm, 'peers'>
  readonly followed: Pick<FollowedRepositories, 'links'>
  readonly denied: Pick<DenyList, 'all'>
  readonly endpoint: Pick<Endpoint, 'connections'> | undefined
}

export interface NodeLimitsInit extends Pick<SwarmInit, 'limits'> {
  readonly role: 'node' | 'bootstrap'
  readonly handles: HandlePlan
}

/** Every bound that a node keeps to, its file handles aside. */
export async function allLimits(): Promise<readonly LimitGroup[]> {
  // Loaded where it is used: libp2p is most of the start-up time, and most commands need none of it.
  const { SWARM_LIMITS } = await import('@jarswarm/swarm')
  return [
    ...SWARM_LIMITS,
    ...ENDPOINT_LIMITS,
    ...UPSTREAM_LIMITS,
    ...STORE_LIMITS,
    { title: 'Databases on disk', limits: DATABASE_LIMITS },
    ...MIRROR_LIMITS,
    ...NODE_LIMITS,
    ...FORMAT_LIMITS,
  ]
}

/** The bounds of one node, with what it uses of them now where that costs nothing to know. */
export async function nodeLimits(
  components: NodeLimitsComponents,
  init: NodeLimitsInit,
): Promise<readonly LimitReport[]> {
  const { limitsFor } = await import('@jarswarm/swarm')
  const swarmLimits = limitsFor(init.role, init.limits)
  const inForce = {
    ...ofSwarm(components, { role: init.role, limits: swarmLimits }),
    ...ofOthers(components, init.handles),
  }
  const groups = [handleGroup(init.handles), ...(await allLimits())]
  return reportLimits(groups, inForce)
}

function ofSwarm(
  { swarm, followed }: NodeLimitsComponents,
  { role, limits }: { readonly role: 'node' | 'bootstrap'; readonly limits: SwarmLimits },
): Readonly<Record<string, LimitInForce>> {
  const peers = swarm.peers()
  const connected = peers.filter((peer) => peer.connected).length
  const connections = { value: limits.maxConnections, now: connected }
  return {
    ...(role === 'node'
      ? { MAX_CONNECTIONS: connections }
      : { MAX_BOOTSTRAP_CONNECTIONS: connections }),
    INBOUND_PER_SECOND: { value: limits.inboundPerSecond },
    SILENCE_MS: { value: limits.silenceMs },
    PROVIDES_PER_DAY: { value: limits.providesPerDay },
    MAX_KNOWN_PEERS: { now: peers.length },
    MAX_REPOSITORIES: { now: followed.links().length },
  }
}

function ofOthers(
  { data, denied, endpoint }: NodeLimitsComponents,
  { clientConnections, allowed }: HandlePlan,
): Readonly<Record<string, LimitInForce>> {
  const { bytes, quotaBytes } = data.blobs.usage()
  const open = openHandles()
  return {
    DEFAULT_QUOTA_BYTES: { value: quotaBytes, now: bytes },
    MAX_CLIENT_CONNECTIONS: {
      value: clientConnections,
      ...(endpoint === undefined ? {} : { now: endpoint.connections() }),
    },
    MAX_DENIALS: { now: denied.all.length },
    ...(allowed === undefined || open === undefined ? {} : { allowed: { now: open } }),
  }
}

function handleGroup({ parts, allowed }: HandlePlan): LimitGroup {
  if (allowed === undefined) return parts
  const all: Limit = {
    value: allowed,
    unit: 'file handles in all',
    why: 'what the system allows; fewer than the parts together, and there are fewer clients at once',
    change: 'ulimit -n, or LimitNOFILE= of systemd',
  }
  return { ...parts, limits: { ...parts.limits, allowed: all } }
}
