import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { assault } from './attack.ts'
import type { AttackContext } from './attack.ts'
import { nonsense } from './bytes.ts'
import { putValue } from './dht-messages.ts'
import { sendEachDht } from './dht-streams.ts'

/** Names under which values are left: what a library may look for, and what every object of JavaScript has. */
const NAMES = ['pk', 'ipns', 'elsewhere', ...Object.getOwnPropertyNames(Object.prototype)]

/** A value under each of the names, which nobody may leave; each under a key of its own. */
export const valuesToLeave = (): readonly Uint8Array[] =>
  NAMES.map((name) => putValue(`/${name}/${Buffer.from(nonsense()).toString('hex')}`, nonsense()))

/** Leaves values in the DHT, under all names that might be taken. */
export async function values(context: AttackContext): Promise<void> {
  const libp2p = await createBareLibp2p(context)
  await libp2p.start()
  await assault(context, async (target) => {
    await sendEachDht(libp2p, { context, target }, valuesToLeave())
  })
  await libp2p.stop()
}
