import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/**
 * Stands between a client and a node, passes bytes on (TLS as it is), and measures how long the node was silent after
 * the client said something.
 */
export class Tap {
  /** Longest wait for the first byte of an answer, so far. */
  longestWaitMs = 0
  /** Times that the client said something and was answered. */
  answers = 0
  /** Called when a client's request passes; plain HTTP only. */
  onRequest: (line: string) => Promise<void> | void = () => undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target = 0
  #port = 0

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#join(client)
    })
  }

  static async start(): Promise<Tap> {
    const tap = new Tap()
    await tap.open()
    tap.#port = (tap.#server.address() as AddressInfo).port
    return tap
  }

  get port(): number {
    return this.#port
  }

  /** Pass connections on to this port of this machine from now on. */
  pointTo(port: number): void {
    this.#target = port
  }

  /** Take connections, always on the same port. */
  async open(): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Refuse connections, as a machine does where nothing listens. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    const node = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    let askedAt: number | undefined
    client.on('data', (chunk: Buffer) => {
      askedAt ??= performance.now()
      client.pause()
      void Promise.resolve(this.onRequest(chunk.toString('latin1').split('\r\n', 1)[0] ?? '')).then(
        () => {
          node.write(chunk)
          client.resume()
        },
      )
    })
    node.on('data', (chunk: Buffer) => {
      if (askedAt !== undefined) {
        this.longestWaitMs = Math.max(this.longestWaitMs, performance.now() - askedAt)
        this.answers += 1
        askedAt = undefined
      }
      if (!client.write(chunk)) {
        node.pause()
        client.once('drain', () => node.resume())
      }
    })
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('end', () => to.end())
      // A reset is passed on as a reset: an end would look like a complete answer.
      from.on('error', () => to.resetAndDestroy())
      from.once('close', () => {
        this.#sockets.delete(from)
        if (askedAt !== undefined && from === client)
          this.longestWaitMs = Math.max(this.longestWaitMs, performance.now() - askedAt)
        to.destroySoon()
      })
    }
  }
}
