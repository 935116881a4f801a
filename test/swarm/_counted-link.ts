import type { Running } from '../_jarswarm.ts'
import { countingProxy } from './_counting-proxy.ts'
import type { ProxyOwner } from './_counting-proxy.ts'

/** A way to a primary on which all bytes are counted. */
export interface CountedLink {
  /** The swarm link of the primary, by way of the proxies. */
  readonly link: string
  /** Bytes since the start, both directions of origin and exchange together. */
  readonly bytes: () => number
}

/** Put proxies before the origin and the swarm address of a primary; they end with their owner. */
export async function countedLink(owner: ProxyOwner, primary: Running): Promise<CountedLink> {
  const origin = await countingProxy(owner, Number(new URL(String(primary.ready.http)).port))
  const [address = ''] = primary.ready.listen
  const peer = await countingProxy(owner, Number(/\/tcp\/(\d+)\//.exec(address)?.[1]))
  const link = new URL(String(primary.ready.link))
  link.searchParams.set('origin', `http://127.0.0.1:${String(origin.port)}/`)
  link.searchParams.set('peer', address.replace(/\/tcp\/\d+\//, `/tcp/${String(peer.port)}/`))
  return { link: link.href, bytes: () => origin.bytes() + peer.bytes() }
}
