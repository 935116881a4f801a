import { BlockList } from 'node:net'
import type { Server, Socket } from 'node:net'
import { addressRange } from '@jarswarm/ports'
import { MAX_SHARE_OF_CLIENT_RANGE, MAX_SHARE_OF_LOCAL_CLIENT } from './limits.ts'

/** An IPv4 address as a socket that takes both families writes it. */
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/** Networks that nobody reaches over the internet. */
const LOCAL = new BlockList()
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  LOCAL.addSubnet(net, prefix)
LOCAL.addAddress('::1', 'ipv6')
LOCAL.addSubnet('fc00::', 7, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

/** Whose share a connection counts to, and how many places that share has of all. */
export interface ConnectionOrigin {
  readonly name: string
  readonly places: number
}

/**
 * Close the connections of one public address range, or of one address of the local network, beyond its share of the
 * places of a server. A server that only this machine reaches has no shares.
 */
export function shareConnections(server: Server, maxConnections: number): void {
  const taken = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const { localAddress, remoteAddress } = socket
    if (remoteAddress === undefined || isServedHereOnly(server, localAddress)) return
    const { name, places } = originOf(remoteAddress, maxConnections)
    const before = taken.get(name) ?? 0
    if (before >= places) {
      socket.destroy()
      return
    }
    taken.set(name, before + 1)
    socket.once('close', () => {
      const left = (taken.get(name) ?? 1) - 1
      if (left === 0) taken.delete(name)
      else taken.set(name, left)
    })
  })
}

/** What a connection from an address counts to, out of so many. */
export function originOf(remoteAddress: string, maxConnections: number): ConnectionOrigin {
  const address = plainAddress(remoteAddress)
  const isLocal = contains(LOCAL, address)
  const share = isLocal ? MAX_SHARE_OF_LOCAL_CLIENT : MAX_SHARE_OF_CLIENT_RANGE
  const places = Math.max(1, Math.floor(maxConnections * share))
  return { name: isLocal ? address : addressRange(address), places }
}

/** Whether a server listens on a loopback address. */
function isServedHereOnly(server: Server, localAddress: string | undefined): boolean {
  const bound = server.address()
  const address = typeof bound === 'object' ? bound?.address : undefined
  return contains(LOOPBACK, plainAddress(address ?? localAddress ?? ''))
}

function plainAddress(address: string): string {
  return address.replace(MAPPED_IPV4, '').replace(/%.*$/, '')
}

function contains(list: BlockList, address: string): boolean {
  return address !== '' && list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}
