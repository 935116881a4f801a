import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A way to a port of the loopback on which all bytes come late, as on a long line that is wide. */
export interface LateLink {
  readonly port: number
  close(): Promise<void>
}

/** @param roundTripMs half of it in each direction */
export async function lateLink(port: number, roundTripMs: number): Promise<LateLink> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    handOn(near, far, roundTripMs / 2)
    handOn(far, near, roundTripMs / 2)
    for (const socket of [near, far]) sockets.add(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Timers of one length fire in the order in which they were set, so that nothing is overtaken. */
function handOn(from: Socket, to: Socket, delayMs: number): void {
  from.setNoDelay()
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs))
  from.on('close', () => setTimeout(() => to.destroy(), delayMs))
  from.on('error', () => to.destroy())
}
