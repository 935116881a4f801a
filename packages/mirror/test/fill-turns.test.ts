import type { IndexEntry } from '@jarswarm/manifest'
import { sha256 } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_KEPT_FOR_OTHERS } from '../src/limits.ts'
import {
  CLAIMS_PAUSE_MS,
  FILL_PARALLEL,
  FILL_PARALLEL_NEAR,
  FillTurns,
  TURN_PATIENCE_MS,
} from '../src/share/fill-turns.ts'
import type { FillTurnsComponents, FillTurnsInit } from '../src/share/fill-turns.ts'
import { Rig } from './_rig.ts'

const NODES = 5
const FILES = 100
/** Of doubling who may ask, five times. */
const ALONE_MS = 10_000
const SILENCED_MS = 60_000
const WIDENED_MS = 4_000
const FAR_TOO_LONG_MS = 600_000
/** Of the event loop, after which nothing moves without time passing. */
const TURNS = 30

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
}

function publishFiles({ builder }: Rig): void {
  for (let file = 0; file < FILES; file += 1)
    builder.put(`org/example/p${String(file)}/1.0/p${String(file)}-1.0.jar`, String(file))
  builder.publish()
}

describe('full mirrors that fill at the same time', () => {
  it('ask the origin for each file about once', async (t) => {
    const rig = new Rig(t)
    const nodes = await Promise.all(Array.from({ length: NODES }, () => rig.fullNode()))
    publishFiles(rig)
    const before = rig.origin.requests.length
    for (const node of nodes) await rig.refresh(node)
    const seq = rig.builder.state?.head.seq
    await rig.until(() =>
      nodes.every(({ mirror }) => mirror.holdings(rig.builder.id).completeToSeq === seq),
    )
    const asked = rig.origin.requests.slice(before).filter((label) => label.includes('-1.0.jar'))
    assert.equal(new Set(asked).size, FILES)
    // One of them sees the new head first, and begins alone.
    assert.ok(asked.length <= 1.5 * FILES, String(asked.length))
  })

  it('fetch what their neighbours do not want', async (t) => {
    const rig = new Rig(t)
    publishFiles(rig)
    for (let made = 0; made < NODES; made += 1) await rig.synced(await rig.node())
    const began = rig.clock.now()
    await rig.fullNode()
    assert.ok(rig.clock.now() - began < ALONE_MS)
  })

  it('come by everything beside neighbours that claim it and are silent', async (t) => {
    const rig = new Rig(t)
    publishFiles(rig)
    const silent = [await rig.fullNode({ name: 'a' }), await rig.fullNode({ name: 'b' })]
    const began = rig.clock.now()
    const { mirror } = await rig.node({ mirrorPolicy: 'all' })
    for (const { swarm } of silent) swarm.manner = 'silent'
    await rig.until(() => mirror.holdings(rig.builder.id).completeToSeq !== undefined)
    assert.ok(rig.clock.now() - began < SILENCED_MS, String(rig.clock.now() - began))
  })

  it('give way to a client, who gets at once what the origin has', async (t) => {
    const rig = new Rig(t)
    publishFiles(rig)
    const silent = await rig.fullNode({ name: 'a', roundTripMs: 1 })
    const node = await rig.node({ mirrorPolicy: 'all' })
    silent.swarm.manner = 'silent'
    await rig.synced(node)
    const began = rig.clock.now()
    const path = parsePath(`org/example/p${String(FILES - 1)}/1.0/p${String(FILES - 1)}-1.0.jar`)
    assert.equal(await rig.fetch(node, path), 'origin')
    assert.ok(rig.clock.now() - began < WIDENED_MS, String(rig.clock.now() - began))
  })
})

interface Surroundings {
  readonly clock?: ManualClock
  readonly own?: string
  readonly followers?: readonly string[]
  readonly hasClaimant?: (entry: IndexEntry) => boolean
  readonly hasSource?: () => boolean
  readonly signal?: AbortSignal
}

function turnsAmong(around: Surroundings, fetch: FillTurnsInit['fetch']): FillTurns {
  const { clock = new ManualClock(), own = 'own', followers = ['other'] } = around
  const components = {
    clock,
    swarm: { peerId: own, followers: () => followers },
    fetcher: {
      hasClaimant: around.hasClaimant ?? (() => false),
      hasSource: around.hasSource ?? (() => true),
      isStored: () => Promise.resolve(false),
    },
  } as unknown as FillTurnsComponents
  const { signal = new AbortController().signal } = around
  return new FillTurns(components, { repository: '', fetch, leastSeqOf: () => 1, signal })
}

const entriesOf = (files: number): readonly IndexEntry[] =>
  Array.from({ length: files }, (_, file) => {
    return { digest: sha256(new TextEncoder().encode(String(file))) } as IndexEntry
  })

async function fill(turns: FillTurns, entries: readonly IndexEntry[]): Promise<void> {
  for (const entry of entries) await turns.add(entry)
  await turns.end()
}

/** Let time pass until it is settled. @returns milliseconds */
async function timeUntil(clock: ManualClock, end: Promise<unknown>, round = (): void => undefined) {
  const state = { isOver: false }
  const over = (): void => {
    state.isOver = true
  }
  end.then(over, over)
  const beganMs = clock.monotonicMs()
  while (!state.isOver) {
    await settle()
    round()
    assert.ok(clock.monotonicMs() - beganMs < FAR_TOO_LONG_MS, 'it does not end')
    clock.advance(CLAIMS_PAUSE_MS)
  }
  await end
  return clock.monotonicMs() - beganMs
}

/** Files come in rounds: each node gets some of an upstream, which its neighbours hear of, and in the next round have. */
async function copiesInRing(nodes: number, reach: number, files: number): Promise<number> {
  const world = Array.from({ length: nodes }, () => new Set<string>())
  const clock = new ManualClock()
  const coming: (() => void)[] = []
  let asked = 0
  const neighboursOf = (own: number): readonly number[] =>
    [...world.keys()].filter((other) => {
      const gap = Math.abs(own - other)
      return gap > 0 && Math.min(gap, nodes - gap) <= reach
    })
  const fills = [...world.entries()].map(([own, held]) => {
    const hasClaimant = ({ digest }: IndexEntry): boolean =>
      neighboursOf(own).some((other) => world[other]?.has(digest))
    const followers = neighboursOf(own).map(String)
    const turns = turnsAmong({ clock, own: String(own), followers, hasClaimant }, async (entry) => {
      if (!hasClaimant(entry)) asked += 1
      await new Promise<void>((resolve) => coming.push(resolve))
      held.add(entry.digest)
      return true
    })
    return fill(turns, entriesOf(files))
  })
  await timeUntil(clock, Promise.all(fills), () => {
    for (const come of coming.splice(0)) come()
  })
  assert.ok(world.every((held) => held.size === files))
  return asked / files
}

describe('FillTurns', () => {
  it('takes little more than one copy for many, of whom each knows some', async () => {
    const copies = await copiesInRing(20, 4, 500)
    assert.ok(copies < 1.7, String(copies))
  })

  it('keeps MAX_KEPT_FOR_OTHERS, and waits then until half of them have come', async () => {
    const clock = new ManualClock()
    const fetched: string[] = []
    const turns = turnsAmong({ clock }, ({ digest }) => {
      fetched.push(digest)
      return Promise.resolve(true)
    })
    let added = 0
    const add = async (): Promise<void> => {
      await turns.add({ digest: added.toString(16).padStart(8, '0') } as IndexEntry)
      added += 1
    }
    while (added - fetched.length < MAX_KEPT_FOR_OTHERS - 1) await add()
    const own = fetched.length
    assert.ok(own > 0.4 * added && own < 0.6 * added)
    let waits = true
    const rest = (async () => {
      while (added - own < 2 * MAX_KEPT_FOR_OTHERS) await add()
      waits = false
    })()
    for (let waitedMs = 0; waitedMs < TURN_PATIENCE_MS; waitedMs += CLAIMS_PAUSE_MS) {
      await settle()
      assert.ok(waits)
      clock.advance(CLAIMS_PAUSE_MS)
    }
    await rest
    await turns.end()
    assert.equal(fetched.length, added)
  })

  it('comes by what others claim for ever and never give, and asks them less and less', async () => {
    const clock = new ManualClock()
    let [inVain, had] = [0, 0]
    const turns = turnsAmong({ clock, hasClaimant: () => true }, (_, purpose) => {
      if (purpose === 'claimed') inVain += 1
      else had += 1
      return Promise.resolve(purpose === 'fill')
    })
    const tookMs = await timeUntil(clock, fill(turns, entriesOf(100)))
    assert.equal(had, 100)
    // After 0, 1, 3 and 7 s.
    assert.ok(inVain <= 400, String(inVain))
    assert.ok(tookMs <= 3 * TURN_PATIENCE_MS, String(tookMs))
  })

  it('waits for an upstream that is away while others may bring the rest', async () => {
    const clock = new ManualClock()
    const backMs = clock.monotonicMs() + 2 * CLAIMS_PAUSE_MS
    const isBack = (): boolean => clock.monotonicMs() >= backMs
    let early = 0
    const turns = turnsAmong({ clock, hasSource: isBack }, () => {
      if (!isBack()) early += 1
      return Promise.resolve(true)
    })
    await timeUntil(clock, fill(turns, entriesOf(100)))
    assert.equal(early, 0)
  })

  it('looks again a second after a pass that waited long for what it began', async () => {
    const clock = new ManualClock()
    const given = Promise.withResolvers<boolean>()
    const entries = entriesOf(100)
    const kept = new Set(entries.map(({ digest }) => digest))
    let claimed = new Set<string>()
    const hasClaimant = ({ digest }: IndexEntry): boolean => claimed.has(digest)
    const turns = turnsAmong({ clock, hasClaimant }, ({ digest }, purpose) => {
      if (purpose === 'fill') kept.delete(digest)
      return purpose === 'fill' ? Promise.resolve(true) : given.promise
    })
    const filled = fill(turns, entries)
    await settle()
    // So many are given slowly that the pass waits for room in the lane.
    assert.ok(kept.size > FILL_PARALLEL + FILL_PARALLEL_NEAR, String(kept.size))
    claimed = new Set([...kept].slice(1))
    clock.advance(CLAIMS_PAUSE_MS)
    await settle()
    clock.advance(FAR_TOO_LONG_MS)
    given.resolve(true)
    await settle()
    claimed = kept
    assert.ok((await timeUntil(clock, filled)) <= 2 * CLAIMS_PAUSE_MS)
  })

  it('lets one ask again when enough comes from others', async () => {
    const clock = new ManualClock()
    const followers = Array.from({ length: 64 }, (_, at) => String(at))
    const [ours, late] = [entriesOf(40), entriesOf(2_000).slice(40)]
    let [claimed, asked] = [false, 0]
    const turns = turnsAmong({ clock, followers, hasClaimant: () => claimed }, (_, purpose) => {
      if (purpose === 'fill') asked += 1
      return Promise.resolve(true)
    })
    // Nobody brings the first: in the end all may ask.
    await timeUntil(clock, fill(turns, ours))
    assert.equal(asked, ours.length)
    claimed = true
    await timeUntil(clock, fill(turns, late.slice(0, 1_000)))
    claimed = false
    asked = 0
    const rest = fill(turns, late.slice(1_000))
    for (let waitedMs = 0; waitedMs < TURN_PATIENCE_MS; waitedMs += CLAIMS_PAUSE_MS) {
      await settle()
      clock.advance(CLAIMS_PAUSE_MS)
    }
    assert.ok(asked < 200, String(asked))
    await timeUntil(clock, rest)
  })

  it('ends in the middle when it is told to', async () => {
    const clock = new ManualClock()
    const control = new AbortController()
    let asked = 0
    const turns = turnsAmong({ clock, signal: control.signal }, () => {
      asked += 1
      if (asked === 10) control.abort(new Error('enough'))
      return Promise.resolve(true)
    })
    await assert.rejects(timeUntil(clock, fill(turns, entriesOf(1_000))), /enough/)
    await turns.abandon()
    assert.ok(asked < 20, String(asked))
  })
})
