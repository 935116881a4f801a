// One node in a process of its own, with a clock that the parent puts forward.
import { createNode } from '@jarswarm/node'
import type { NodeInit } from '@jarswarm/node'
import { silentLogger } from '@jarswarm/testkit'
import { answerParent, childInit } from '../_child.ts'
import { SkewedClock } from '../_skewed-clock.ts'
import { countArrivals } from './arrivals.ts'
import type { Arrivals } from './arrivals.ts'

/** What a node logs when bytes fail their digest. */
const BLAME = 'a peer sent bytes that fail their digest'

export type HonestInit = Pick<
  NodeInit,
  'dataDir' | 'join' | 'listen' | 'bootstrap' | 'mirror' | 'mechanisms'
>

export type HonestQuestion =
  | { readonly kind: 'start' }
  | { readonly kind: 'state' }
  | { readonly kind: 'story'; readonly path: string }
  | { readonly kind: 'ahead'; readonly hours: number }
  | { readonly kind: 'stop' }

/** How a node is. */
export interface HonestState {
  readonly url: string
  readonly peer: string
  readonly listen: readonly string[]
  readonly head: { readonly seq: number; readonly root: string } | null
  readonly complete: boolean
  readonly blobs: number
  /** Ids of connected peers that follow the repository. */
  readonly followers: readonly string[]
  readonly banned: readonly string[]
  /** How often each peer's bytes failed their digest. */
  readonly blamed: Readonly<Record<string, number>>
  readonly arrived: Arrivals
}

const HOUR_MS = 3_600_000
/** Lines of the log about single files that are kept. */
const MAX_LINES = 20_000
const clock = new SkewedClock()
const blamed: Record<string, number> = {}
const lines: { readonly path: unknown; readonly line: string }[] = []
const logger = {
  ...silentLogger,
  debug(fields: Readonly<Record<string, unknown>>, message: string): void {
    if (fields['path'] === undefined) return
    const line = `${new Date().toISOString()} ${message} ${JSON.stringify(fields)}`
    if (lines.push({ path: fields['path'], line }) > MAX_LINES) lines.shift()
  },
  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    if (message === BLAME)
      blamed[String(fields['peer'])] = (blamed[String(fields['peer'])] ?? 0) + 1
  },
}
const arrived = await countArrivals()
const node = await createNode({
  ...(childInit() as HonestInit),
  version: '0.0.0-test',
  http: { host: '127.0.0.1', port: 0 },
  logger,
  clock,
})

async function state(): Promise<HonestState> {
  const { repositories, peerId, store } = node.statusNow()
  const peers = await node.peers()
  const [repository] = repositories
  const head = repository?.head ?? null
  return {
    url: String(node.url),
    peer: peerId,
    listen: node.listenAddresses(),
    head: head && { seq: head.seq, root: head.root },
    complete: repository?.index.complete === true,
    blobs: store.blobs,
    followers: peers
      .filter(({ connected, repositories: followed }) => connected && followed.length > 0)
      .map(({ peer }) => peer),
    banned: peers.filter(({ banned }) => banned).map(({ peer }) => peer),
    blamed,
    arrived,
  }
}

/** What the node did to get a file, and who was there to be asked. */
async function story(path: string): Promise<readonly string[]> {
  const of = lines.filter((one) => one.path === path).map(({ line }) => line)
  const peers = await node.peers()
  return [...of, ...peers.filter(({ connected }) => connected).map((peer) => JSON.stringify(peer))]
}

answerParent(async (question: HonestQuestion) => {
  if (question.kind === 'story') return await story(question.path)
  if (question.kind === 'start') await node.start()
  if (question.kind === 'ahead') clock.skewMs += question.hours * HOUR_MS
  if (question.kind === 'stop') await node.stop()
  return await state()
})
