import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { assault } from './attack.ts'
import type { AttackContext, Target } from './attack.ts'
import { countRefusals } from './refusal.ts'

/** Names under which it is connected at the same time. */
const MAX_NAMES = 200
/** Sockets that say nothing, to one node at a time. */
const MUTE_AT_ONCE = 40
const HOLD_MS = 2_000

/** Comes under a new name each time and stays, so that nobody else finds a place. */
export async function crowd(context: AttackContext): Promise<void> {
  const names: Libp2p[] = []
  await assault(context, async ({ address }) => {
    const name = await createBareLibp2p(context)
    await name.start()
    names.push(name)
    if (names.length > MAX_NAMES) await names.shift()?.stop()
    await name.dial(multiaddr(address))
    context.count('connections under new names')
  })
  await Promise.all(names.map(async (name) => name.stop()))
}

/** Opens sockets and says nothing, so that no handshake of others finds a place. */
export async function mutes(context: AttackContext): Promise<void> {
  await assault(context, async (target) => {
    const sockets = Array.from({ length: MUTE_AT_ONCE }, () => open(context, target))
    try {
      const opened = await Promise.allSettled(sockets.map((socket) => once(socket, 'connect')))
      countRefusals(opened, context.count)
      context.count('mute connections', MUTE_AT_ONCE)
      await delay(HOLD_MS)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })
}

function open({ from }: AttackContext, { address }: Target): Socket {
  const [, , host = '', , port] = address.split('/')
  return connect({ host, port: Number(port), localAddress: from }).on('error', () => undefined)
}
