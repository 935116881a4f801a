import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Passes TCP connections on to another port of this machine, and counts the bytes of both directions. */
export interface CountingProxy {
  readonly port: number
  /** Bytes since the start, both directions together. */
  readonly bytes: () => number
}

/** Ends what it has at its own end; a test does. */
export interface ProxyOwner {
  after(end: () => void): void
}

/** Start one; it ends with its owner. */
export async function countingProxy(owner: ProxyOwner, targetPort: number): Promise<CountingProxy> {
  let bytes = 0
  const sockets = new Set<Socket>()
  const count = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('data', (chunk: Uint8Array) => (bytes += chunk.length))
    from.pipe(to)
    // One side that breaks ends the other; both tell it by closing.
    from.on('error', () => to.destroy())
    from.once('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    count(client, target)
    count(target, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  owner.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port, bytes: () => bytes }
}
