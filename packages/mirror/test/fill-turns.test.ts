import type { IndexEntry } from '@jarswarm/manifest'
import { sha256 } from '@jarswarm/manifest'
import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_KEPT_FOR_OTHERS } from '../src/limits.ts'
import { CLAIMS_PAUSE_MS, FillTurns, TURN_PATIENCE_MS } from '../src/share/fill-turns.ts'
import type { FillTurnsComponents } from '../src/share/fill-turns.ts'
import { Rig } from './_rig.ts'

const NODES = 5
const FILES = 100
/** Of doubling who may ask, five times. */
const ALONE_MS = 10_000
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
})

/** Files come in rounds: each node gets some of an upstream, which its neighbours hear of, and in the next round have. */
async function copiesInRing(nodes: number, reach: number, files: number): Promise<number> {
  const world = Array.from({ length: nodes }, () => new Set<string>())
  const clock = new ManualClock()
  const heardMs = clock.monotonicMs() + CLAIMS_PAUSE_MS
  const coming: (() => void)[] = []
  let asked = 0
  const neighboursOf = (own: number): readonly number[] =>
    [...world.keys()].filter((other) => {
      const gap = Math.abs(own - other)
      return gap > 0 && Math.min(gap, nodes - gap) <= reach
    })
  const entries = Array.from({ length: files }, (_, file) => {
    return { digest: sha256(new TextEncoder().encode(String(file))) } as IndexEntry
  })
  const fills = [...world.entries()].map(async ([own, held]) => {
    const isHeldBy = ({ digest }: IndexEntry): boolean =>
      neighboursOf(own).some((other) => world[other]?.has(digest))
    const turns = new FillTurns(
      {
        clock,
        swarm: { peerId: String(own), followers: () => neighboursOf(own).map(String) },
        fetcher: {
          // Until they have heard of a new head, all say that they hold everything.
          hasClaimant: (entry: IndexEntry) => clock.monotonicMs() < heardMs || isHeldBy(entry),
          hasSource: () => true,
          isStored: () => Promise.resolve(false),
        },
      } as unknown as FillTurnsComponents,
      {
        repository: '',
        fetch: async (entry, purpose) => {
          const isHeld = isHeldBy(entry)
          if (!isHeld && purpose === 'claimed') return false
          if (!isHeld) asked += 1
          await new Promise<void>((resolve) => coming.push(resolve))
          held.add(entry.digest)
          return true
        },
        signal: new AbortController().signal,
      },
    )
    for (const entry of entries) await turns.add(entry)
    await turns.end()
  })
  const state = { filling: true }
  const end = Promise.all(fills).then(() => (state.filling = false))
  while (state.filling) {
    await settle()
    for (const come of coming.splice(0)) come()
    clock.advance(CLAIMS_PAUSE_MS)
  }
  await end
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
    const components = {
      clock,
      swarm: { peerId: 'own', followers: () => ['other'] },
      fetcher: {
        hasClaimant: () => false,
        hasSource: () => true,
        isStored: () => Promise.resolve(false),
      },
    } as unknown as FillTurnsComponents
    const turns = new FillTurns(components, {
      repository: '',
      fetch: ({ digest }) => {
        fetched.push(digest)
        return Promise.resolve(true)
      },
      signal: new AbortController().signal,
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
})
