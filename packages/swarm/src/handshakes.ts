import type { MultiaddrConnection } from '@libp2p/interface'

/** Counts the handshakes under way by where they come from: whoever connects may say nothing for long. */
export class Handshakes {
  readonly #count = new Map<string, number>()
  readonly #endings = new WeakMap<MultiaddrConnection, () => void>()

  /** How many are under way from an origin. */
  from(origin: string): number {
    return this.#count.get(origin) ?? 0
  }

  /** One begins; it ends with `end`, or with the connection. */
  begin(connection: MultiaddrConnection, origin: string): void {
    this.#count.set(origin, this.from(origin) + 1)
    const end = (): void => {
      if (!this.#endings.delete(connection)) return
      const left = this.from(origin) - 1
      if (left > 0) this.#count.set(origin, left)
      else this.#count.delete(origin)
    }
    this.#endings.set(connection, end)
    connection.addEventListener('close', end, { once: true })
  }

  /** It went well. */
  end(connection: MultiaddrConnection): void {
    this.#endings.get(connection)?.()
  }
}
