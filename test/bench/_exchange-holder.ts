/** The process that holds the pieces: answers over the exchange, and over plain TCP beside it. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import {
  DIFFERENT_PIECES,
  PIECE_BYTES,
  PIECES,
  REPOSITORY,
  startExchangeNode,
} from './_exchange-node.ts'
import type { Offer } from './_exchange-node.ts'
import { seededBytes } from './_tree.ts'

const { swarm, content } = await startExchangeNode()
const pieces = Array.from({ length: DIFFERENT_PIECES }, (_, n) =>
  seededBytes(String(n), PIECE_BYTES),
)
const digests = pieces.map((piece) => content.addBlob(REPOSITORY, piece))

async function sendAll(socket: Socket): Promise<void> {
  for (let n = 0; n < PIECES; n += 1) {
    const piece = pieces[n % pieces.length]
    if (piece !== undefined && !socket.write(piece)) await once(socket, 'drain')
  }
  socket.end()
}

const server = createServer((socket) => {
  void sendAll(socket)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const offer: Offer = {
  peer: swarm.peerId,
  address: swarm.listenAddresses()[0] ?? '',
  digests,
  tcpPort: (server.address() as AddressInfo).port,
}
process.send?.(offer)
await once(process, 'disconnect')
server.close()
await swarm.stop()
