import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Between two bytes of those who send slowly. */
const DRIP_MS = 20
const HEAD = 'GET / HTTP/1.1\r\nX: '

/** What is besieged. */
export interface Siege {
  readonly port: number
  /** Host header of the node. */
  readonly host: string
  /** A path whose file no buffer holds. */
  readonly large: string
  /** Connections of each kind. */
  readonly each: number
}

/** Clients that hold connections for nothing: silent ones, those who drip the head of a request, those who hardly read. */
export class SlowClients {
  /** Those who do not even ask. */
  readonly asking: readonly Socket[]
  readonly reading: readonly Socket[]
  readonly #drip: NodeJS.Timeout

  private constructor(asking: readonly Socket[], reading: readonly Socket[]) {
    this.asking = asking
    this.reading = reading
    const dripping = asking.filter((_socket, at) => at % 2 === 1)
    this.#drip = setInterval(() => {
      for (const socket of dripping) if (socket.writable) socket.write('x')
    }, DRIP_MS)
  }

  /** Begin; all connections are open, and the readers have got their first bytes. */
  static async begin({ port, host, large, each }: Siege): Promise<SlowClients> {
    const open = (): Promise<Socket> => openSlow(port)
    const asking = await Promise.all(Array.from({ length: 2 * each }, open))
    asking.forEach((socket, at) => {
      if (at % 2 === 1) socket.write(HEAD)
      socket.resume()
    })
    const reading = await Promise.all(Array.from({ length: each }, open))
    for (const socket of reading) socket.write(`GET ${large} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await Promise.all(
      reading.map(async (socket) => {
        await once(socket, 'readable')
        socket.read(1)
      }),
    )
    return new SlowClients(asking, reading)
  }

  end(): void {
    clearInterval(this.#drip)
    for (const socket of [...this.asking, ...this.reading]) socket.destroy()
  }
}

/** Wait until the server has cut them all. */
export async function untilCut(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket) => {
      // Of a connection whose bytes nobody reads the end is not seen.
      socket.resume()
      if (socket.closed) return
      const closed = Promise.withResolvers<undefined>()
      socket.once('close', () => {
        closed.resolve(undefined)
      })
      await closed.promise
    }),
  )
}

async function openSlow(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  // What is cut may be reset.
  socket.on('error', () => undefined)
  return socket
}
