import type { Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'

/** The TCP sockets below the TLS connections of a server: only these can be reset. */
export class RawSockets {
  readonly #rawByPeer = new Map<string, Socket>()
  readonly #rawBySecure = new WeakMap<Socket, Socket>()

  /** Note the sockets of every connection from now on. */
  watch(server: SecureServer): void {
    server.on('connection', (raw: Socket) => {
      const peer = peerOf(raw)
      this.#rawByPeer.set(peer, raw)
      raw.once('close', () => this.#rawByPeer.delete(peer))
    })
    server.on('secureConnection', (secure) => {
      const raw = this.#rawByPeer.get(peerOf(secure))
      if (raw !== undefined) this.#rawBySecure.set(secure, raw)
    })
  }

  /** End a connection so that the client sees a failure and not a short body. */
  reset(socket: Socket): void {
    if (socket.destroyed) return
    const raw = this.#rawBySecure.get(socket)
    if (raw === undefined) {
      socket.resetAndDestroy()
      return
    }
    raw.resetAndDestroy()
    socket.destroy()
  }
}

/** Unique among the live connections of one listening port. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`
}
