import type { Clock, Logger, PeerName } from '@jarswarm/ports'
import type { LevelDatastore } from 'datastore-level'
import { Key } from 'interface-datastore'
import { Bans } from './bans.ts'
import type { Offences } from './bans.ts'

const PREFIX = '/jarswarm/offences'

export interface BanListComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly datastore: LevelDatastore | undefined
}

/** `Bans` that survive a restart, when there is a datastore. */
export class BanList {
  readonly #components: BanListComponents
  readonly #bans: Bans
  #writing: Promise<unknown> = Promise.resolve()

  constructor(components: BanListComponents) {
    this.#components = components
    this.#bans = new Bans(components.clock)
  }

  async start(): Promise<void> {
    const { datastore, logger } = this.#components
    if (datastore === undefined) return
    for await (const { key, value } of datastore.query({ prefix: PREFIX })) {
      const offences = parseOffences(value)
      if (offences === undefined) logger.warn({ key: key.toString() }, 'an offence is unreadable')
      else this.#bans.restore(key.baseNamespace(), offences)
    }
  }

  /** Wait for what is being written. */
  async stop(): Promise<void> {
    await this.#writing
  }

  report(peer: PeerName): void {
    const offences = this.#bans.report(peer)
    const { datastore, logger } = this.#components
    if (datastore === undefined) return
    const bytes = new TextEncoder().encode(JSON.stringify(offences))
    this.#writing = this.#writing
      .then(() => datastore.put(new Key(`${PREFIX}/${peer}`), bytes))
      .catch((error: unknown) => {
        logger.warn({ peer, error }, 'an offence could not be kept')
      })
  }

  isBanned(peer: PeerName): boolean {
    return this.#bans.isBanned(peer)
  }

  isAvoided(peer: PeerName): boolean {
    return this.#bans.isAvoided(peer)
  }
}

function parseOffences(bytes: Uint8Array): Offences | undefined {
  try {
    const { mismatchesMs, bannedUntilMs } = JSON.parse(new TextDecoder().decode(bytes)) as Offences
    const numbers = [bannedUntilMs, ...mismatchesMs]
    return numbers.every((at) => Number.isFinite(at)) ? { mismatchesMs, bannedUntilMs } : undefined
  } catch {
    return undefined
  }
}
