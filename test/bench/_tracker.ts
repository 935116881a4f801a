import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bencode } from './_torrent.ts'

/** So often a peer asks who else is there. */
const INTERVAL_SECONDS = 5

/** A tracker of one torrent, for BitTorrent over IPv4. */
export interface Tracker {
  readonly announce: string
  /** Peers that announced themselves so far. */
  peers(): number
  stop(): void
}

/** @see https://www.bittorrent.org/beps/bep_0023.html */
export async function startTracker(host = '127.0.0.1'): Promise<Tracker> {
  const known = new Map<string, Uint8Array>()
  const server = createServer((request, response) => {
    const port = Number(/[?&]port=(\d+)/.exec(request.url ?? '')?.[1])
    const address = request.socket.remoteAddress ?? ''
    const own = `${address}:${String(port)}`
    const others = [...known].filter(([name]) => name !== own).map(([, compact]) => compact)
    known.set(own, Uint8Array.from([...address.split('.').map(Number), port >> 8, port & 0xff]))
    response.end(bencode({ interval: INTERVAL_SECONDS, peers: Buffer.concat(others) }))
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    announce: `http://${host}:${String((server.address() as AddressInfo).port)}/announce`,
    peers: () => known.size,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
