import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Node } from '@jarswarm/node'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { cpuSeconds, handleCount, rssBytes } from '../_process-figures.ts'
import { waitFor } from '../_wait-for.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { SeededRandom } from './_random.ts'
import { runClient } from './_soak-client.ts'
import type { ClientTally } from './_soak-client.ts'
import { SoakRepository } from './_soak-repository.ts'

const MEBIBYTE = 2 ** 20
/** A quarter of what there is: something is evicted and fetched again all the time. */
const QUOTA = '5M'
/** Peers that hold everything. */
const HOLDERS = 2
/** Part of the run after which memory is measured. */
const WARM_UP = 0.25
const SAMPLES = 240
/** Further handles after the run, for connections that are being closed. */
const SPARE_HANDLES = 10
/** A node looks at the origin itself at least this often. */
const MAX_HEAD_MS = 15 * 60_000

/** Holders hear of a new head soon, and tell the node. */
const EAGER = { heads: { pollIntervalMs: 500 } }

export interface SoakInit {
  readonly seed: number
  readonly clients: number
  readonly peers: number
  /** At least. */
  readonly durationMs: number
  /** Requests that are answered before it ends, however long that takes. @defaultValue 0 */
  readonly leastAnswers?: number
  /** Mean wait of a client between two requests. */
  readonly pauseMs: number
  readonly publishEveryMs: number
  /** How often a peer leaves and another comes. */
  readonly changeEveryMs: number
}

export interface SoakReport extends ClientTally {
  readonly published: number
  /** Longest time from publishing until the node used the head. */
  readonly slowestHeadMs: number
  readonly peersChanged: number
  /** After the warm-up, at even distances. */
  readonly samples: readonly Sample[]
  /** Handles with all peers and no client: before, and after. */
  readonly idleHandles: readonly [number, number]
  /** Of one core, in percent. */
  readonly cpuPercent: number
}

/** What the system said of the process at a moment. */
export interface Sample {
  readonly rssMiB: number
  readonly handles: number
}

/** Let clients and peers work with one real process for a while. Throws at the first wrong answer, and when handles stay. */
export async function soakNode(test: Ending, init: SoakInit): Promise<SoakReport> {
  const repository = await SoakRepository.create(test, init.seed)
  const node = await startNode(test, repository)
  const peers = await Peers.start(repository, node, init.peers)
  const pid = node.process.pid ?? 0
  const before = handleCount(pid)
  const cpuBefore = cpuSeconds(pid)
  const tally = { requests: 0, bytes: 0, refused: [], unsaid: 0, abandoned: 0 }
  let slowestHeadMs = 0
  const begin = performance.now()
  const done = new AbortController()
  const end = done.signal
  const url = `${String(node.ready.http)}/sample/`
  const clients = Array.from({ length: init.clients }, (_, client) => {
    const random = new SeededRandom(init.seed + client)
    return runClient({ repository, random, tally }, { url, pauseMs: init.pauseMs }, end)
  })
  const [samples] = await Promise.all([
    sample(pid, init.durationMs, end),
    enough(init, () => ({
      answers: tally.requests - tally.refused.length - init.clients,
      events: Math.min(repository.published, peers.changed),
    })).finally(() => {
      done.abort()
    }),
    ...clients,
    every(init.publishEveryMs, end, () =>
      repository.publish(async (seq) => {
        slowestHeadMs = Math.max(slowestHeadMs, await headAt(node, seq))
      }),
    ),
    every(init.changeEveryMs, end, () => peers.change()),
  ])
  const cpuPercent = (1e5 * (cpuSeconds(pid) - cpuBefore)) / (performance.now() - begin)
  const after = await waitFor('the handles of clients to go', () => {
    const handles = handleCount(pid)
    return handles <= before + SPARE_HANDLES ? handles : undefined
  })
  const { published } = repository
  const idleHandles = [before, after] as const
  return {
    ...tally,
    slowestHeadMs,
    published,
    peersChanged: peers.changed,
    samples,
    idleHandles,
    cpuPercent,
  }
}

/** Wait for the time, and for what has to be done in it: on a busy machine that takes longer. */
async function enough(
  { durationMs, leastAnswers = 0 }: SoakInit,
  done: () => { readonly answers: number; readonly events: number },
): Promise<void> {
  await delay(durationMs)
  await waitFor('enough answers, a new head and a new peer', () => {
    const { answers, events } = done()
    return (answers >= leastAnswers && events > 0) || undefined
  })
}

async function startNode(test: Ending, { net }: SoakRepository): Promise<Running> {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-soak-'))
  const place = ['--data', join(work, 'data'), '--http', '127.0.0.1:0', '--quota', QUOTA]
  const swarm = ['--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--join', net.link()]
  const node = await startJarswarm(['start', ...place, ...swarm], { built: true })
  test.after(async () => {
    await node.stop()
    rmSync(work, { recursive: true, force: true })
  })
  return node
}

/** Peers of the node, some of which hold everything; the others ask for something now and then by being there. */
class Peers {
  changed = 0
  readonly #repository: SoakRepository
  readonly #node: Running
  readonly #others: Node[] = []

  private constructor(repository: SoakRepository, node: Running) {
    this.#repository = repository
    this.#node = node
  }

  static async start(repository: SoakRepository, node: Running, count: number): Promise<Peers> {
    const peers = new Peers(repository, node)
    for (let made = 0; made < count; made += 1) {
      if (made < HOLDERS) await repository.net.holder({ ...peers.#init(), mechanisms: EAGER })
      else peers.#others.push(await repository.net.node(peers.#init()))
    }
    await waitFor('the peers', async () =>
      (await statusOf(node)).peers.connected >= count ? true : undefined,
    )
    return peers
  }

  /** One leaves, another comes, and fetches a file that the node may have. */
  async change(): Promise<void> {
    const leaving = this.#others.shift()
    if (leaving === undefined) return
    await leaving.stop()
    const coming = await this.#repository.net.node(this.#init())
    this.#others.push(coming)
    this.changed += 1
    const path = this.#repository.paths.at(this.changed) ?? ''
    const answer = await fetch(`${String(coming.url)}/sample/${path}`)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    if (answer.status === 200) assert.ok(this.#repository.isRight(path, bytes), `wrong: ${path}`)
  }

  #init(): { readonly knows: readonly [Pick<Node, 'listenAddresses'>] } {
    return { knows: [{ listenAddresses: () => this.#node.ready.listen }] }
  }
}

interface Status {
  readonly peers: { readonly connected: number }
  readonly repositories: readonly { readonly head: { readonly seq: number } | null }[]
}

async function statusOf(node: Running): Promise<Status> {
  const answer = await fetch(`${String(node.ready.http)}/-/status`)
  return (await answer.json()) as Status
}

/** Wait until the node uses a head. @returns how long it took */
async function headAt(node: Running, seq: number): Promise<number> {
  const begin = performance.now()
  await waitFor(
    'a new head',
    async () => ((await statusOf(node)).repositories[0]?.head?.seq === seq ? true : undefined),
    MAX_HEAD_MS,
  )
  return performance.now() - begin
}

async function every(
  periodMs: number,
  signal: AbortSignal,
  work: () => Promise<void> | void,
): Promise<void> {
  for (;;) {
    await delay(periodMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    await work()
  }
}

async function sample(pid: number, durationMs: number, signal: AbortSignal): Promise<Sample[]> {
  const begin = performance.now()
  const samples: Sample[] = []
  await every(durationMs / SAMPLES, signal, () => {
    const ms = performance.now() - begin
    if (ms < WARM_UP * durationMs) return
    const rssMiB = rssBytes(pid) / MEBIBYTE
    samples.push({ rssMiB, handles: handleCount(pid) })
  })
  return samples
}
