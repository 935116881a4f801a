import type { Clock, Logger, PeerName } from '@jarswarm/ports'
import type { LevelDatastore } from 'datastore-level'
import { Bans } from './bans.ts'
import type { Offences } from './bans.ts'

const PREFIX = '/jarswarm/offences/'
/** The first key after all that begin with the prefix: `0` follows `/`. */
const PREFIX_END = '/jarswarm/offences0'

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
    for await (const [key, value] of datastore.db.iterator({ gte: PREFIX, lt: PREFIX_END })) {
      const offences = parseOffences(value)
      if (offences === undefined) logger.warn({ key }, 'an offence is unreadable and forgotten')
      else this.#bans.restore(key.slice(PREFIX.length), offences)
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
    const bytes = formatOffences(offences)
    this.#writing = this.#writing
      .then(() => datastore.db.put(PREFIX + peer, bytes))
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

/** Decimal milliseconds since the epoch, separated by blanks: the end of the ban, then each mismatch. */
function formatOffences({ bannedUntilMs, mismatchesMs }: Offences): Uint8Array {
  return new TextEncoder().encode([bannedUntilMs, ...mismatchesMs].join(' '))
}

function parseOffences(bytes: Uint8Array): Offences | undefined {
  const numbers = new TextDecoder().decode(bytes).split(' ').map(Number)
  const [bannedUntilMs, ...mismatchesMs] = numbers
  if (bannedUntilMs === undefined || !numbers.every(Number.isFinite)) return undefined
  return { mismatchesMs, bannedUntilMs }
}
