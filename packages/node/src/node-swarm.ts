import { join } from 'node:path'
import type { DataDirectory } from '@jarswarm/store'
import type { Clock, Logger } from '@jarswarm/ports'
import type { FollowedRepositories } from './followed-repositories.ts'
import { startSwarm } from './listening.ts'
import type { NodeInit } from './node-init.ts'
import type { ProxiedRepositories } from './proxied-repositories.ts'
import { repeat } from './repeat.ts'
import type { Repetition } from './repeat.ts'
import type { SwarmSlot } from './swarm-slot.ts'

const PEER_DIRECTORY = 'peer'
/** Between two attempts to have a swarm again. */
const RETRY_MS = 10_000

export interface NodeSwarmComponents {
  readonly data: DataDirectory
  readonly swarm: SwarmSlot
  readonly followed: FollowedRepositories
  readonly proxied: ProxiedRepositories
  readonly clock: Clock
  readonly logger: Logger
}

export type NodeSwarmInit = NodeInit & { readonly role: 'node' | 'bootstrap' }

/**
 * Makes the swarm of a node: one for a set of repositories, so that each repository that is joined needs another one. When that
 * cannot be made, for a full disk, say, the node goes on without, and tries again now and then.
 */
export class NodeSwarm {
  readonly #components: NodeSwarmComponents
  readonly #init: NodeSwarmInit
  /** Those who know this node by its address find it there again. */
  #listen: readonly string[]
  #isMissing = false
  #turns: Promise<unknown> = Promise.resolve()
  #retry: Repetition | undefined

  constructor(components: NodeSwarmComponents, init: NodeSwarmInit) {
    this.#components = components
    this.#init = init
    this.#listen = init.listen ?? []
  }

  /** Whether it could not be made, and is still to be. */
  get isMissing(): boolean {
    return this.#isMissing
  }

  /** @throws {PortInUseError | ListenError | Error} when it cannot be made; then it is not tried again */
  start(): Promise<void> {
    return this.#inTurn(() => this.#make())
  }

  /** Have another one for the repositories that are followed now. @throws as `start`, and tries again later */
  renew(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isMissing) {
        const { swarm } = this.#components
        const addresses = swarm.listenAddresses()
        this.#listen = addresses.map((address) => address.replace(/\/p2p\/.*$/, ''))
        await swarm.stop()
        this.#isMissing = true
      }
      await this.#remake()
    })
  }

  async stop(): Promise<void> {
    await this.#retry?.stop()
    await this.#turns
    await this.#components.swarm.stop()
  }

  async #remake(): Promise<void> {
    if (!this.#isMissing) return
    try {
      await this.#make()
      this.#isMissing = false
    } catch (error) {
      this.#retry ??= repeat(this.#components, {
        what: 'have a swarm again',
        intervalMs: RETRY_MS,
        firstMs: RETRY_MS,
        task: () => this.#inTurn(() => this.#remake()),
      })
      throw error
    }
  }

  async #make(): Promise<void> {
    const { data, swarm, followed, proxied, clock, logger } = this.#components
    const { bootstrap = [], mdns = false, share = 'all', role, mechanisms = {} } = this.#init
    if (this.#init.offline === true) return
    const { summaries = true, dht, limits = {} } = mechanisms
    const linked = followed.links().flatMap(({ peers }) => peers)
    // Loaded where it is used: libp2p is most of the start-up time, and most commands need none of it.
    const { createSwarm } = await import('@jarswarm/swarm')
    const made = await createSwarm(
      { content: followed.mirror, lan: proxied.lan, clock, logger },
      {
        directory: join(data.path, PEER_DIRECTORY),
        listen: this.#listen,
        bootstrap: [...new Set([...bootstrap, ...linked])],
        mdns,
        share,
        role,
        summaries,
        limits,
        ...(dht === undefined ? {} : { dht }),
      },
    )
    swarm.fill(made)
    try {
      await startSwarm(made, this.#listen)
    } catch (error) {
      // It holds the database of known peers, which the next one needs.
      await made.stop()
      throw error
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(work)
    this.#turns = turn.catch(() => undefined)
    return turn
  }
}
