import type { LimitGroup } from '@jarswarm/ports'
import { readdirSync } from 'node:fs'
import { MAX_CLIENT_CONNECTIONS } from '@jarswarm/endpoint'
import { MAX_BLOBS_IN_MAKING, MAX_OPEN_READS, MAX_OPEN_TABLES } from '@jarswarm/store'
import { MAX_ORIGIN_CONNECTIONS, MAX_UPSTREAM_CONNECTIONS } from '@jarswarm/upstream'

/** The runtime's own, listening sockets, logs, the control socket with some commands on it. */
const OWN_HANDLES = 64
/** An origin, and the mirrors that give pieces beside it or are probed. */
const UPSTREAMS_AT_ONCE = 4
/** With fewer a build on this machine would stall. */
const MIN_CLIENT_CONNECTIONS = 32

export interface HandleNeeds {
  /** Of the swarm; 0 when offline. */
  readonly swarm: number
  readonly followed: number
  readonly proxied: number
  /** Listeners of the Maven endpoint. */
  readonly listeners: number
}

/** How the file handles of the process are shared out. */
export interface HandlePlan {
  /** What the system allows; undefined where it does not say. */
  readonly allowed: number | undefined
  /** Handles by what needs them; the clients get the rest. */
  readonly parts: LimitGroup
  /** For each listener. Lower than the bound of the endpoint when the system allows too little. */
  readonly clientConnections: number
  /** Whether all the parts fit. */
  readonly enough: boolean
}

/**
 * Share out the file handles that the system allows. Node.js raises the soft limit to the hard one when it starts, so
 * that it is the hard one that counts: half a million on most systems, 1 024 or 4 096 on others.
 */
export function planHandles(allowed: number | undefined, needs: HandleNeeds): HandlePlan {
  const { swarm, followed, proxied, listeners } = needs
  const limits = {
    ...part('own', OWN_HANDLES, 'the program itself, listening sockets, commands'),
    ...part('database', MAX_OPEN_TABLES, 'tables of the database that are open at a time'),
    ...part('reads', MAX_OPEN_READS, 'blobs that are read at a time'),
    ...part('writes', MAX_BLOBS_IN_MAKING, 'blobs that are in the making'),
    ...part(
      'peers',
      swarm,
      'connections with peers, handshakes and dials under way, and the tables of known peers',
    ),
    ...part(
      'origins',
      followed * UPSTREAMS_AT_ONCE * MAX_UPSTREAM_CONNECTIONS + proxied * MAX_ORIGIN_CONNECTIONS,
      'connections to origins and mirrors',
    ),
  }
  const taken = Object.values(limits).reduce((sum, { value }) => sum + value, 0)
  const left = (allowed ?? Infinity) - taken
  const share = listeners === 0 ? MAX_CLIENT_CONNECTIONS : Math.floor(left / listeners)
  const clientConnections = Math.max(
    MIN_CLIENT_CONNECTIONS,
    Math.min(MAX_CLIENT_CONNECTIONS, share),
  )
  const clients = listeners * clientConnections
  return {
    allowed,
    parts: {
      title: 'File handles set aside',
      limits: { ...limits, ...part('clients', clients, 'connections of Maven clients: the rest') },
    },
    clientConnections,
    enough: listeners * MAX_CLIENT_CONNECTIONS <= left,
  }
}

/** What the system allows this process; undefined where it does not say. */
export function allowedHandles(): number | undefined {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } }
  }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}

/** How many this process has open now; undefined where the system does not say. */
export function openHandles(): number | undefined {
  try {
    return readdirSync('/dev/fd').length
  } catch {
    // Also when there is no handle left to look with.
    return undefined
  }
}

function part(name: string, value: number, why: string): LimitGroup['limits'] {
  return { [name]: { value, unit: 'file handles', why } }
}
