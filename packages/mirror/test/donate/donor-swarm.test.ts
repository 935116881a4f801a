import { sha256, sliceOf, sliceSet, SLICES } from '@jarswarm/manifest'
import { MemoryBlobStore } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { JAR } from '../_rig.ts'
import { DonorSwarm } from './_donor-swarm.ts'
import type { DonorNode } from './_donor-swarm.ts'

const HOUR_MS = 3_600_000

/** A swarm of donors that together have room for so many copies, filled. */
async function filledSwarm(
  t: TestContext,
  init: { readonly donors: number; readonly times: number; readonly directories: number },
): Promise<{ readonly swarm: DonorSwarm; readonly donatedBytes: number; readonly copies: number }> {
  const swarm = new DonorSwarm(t, init.directories)
  const donatedBytes = Math.ceil((swarm.repositoryBytes * init.times) / init.donors)
  for (let i = 0; i < init.donors; i += 1) await swarm.join(`donor-${i}`, donatedBytes)
  const copies = Math.floor(0.9 * init.times)
  await swarm.until(() => swarm.least() >= copies)
  return { swarm, donatedBytes, copies }
}

function originDies({ rig }: DonorSwarm): void {
  rig.origin.behaviour = 'refusing'
  rig.origin.reported = { healthy: false, medianMs: 20, waitingMs: 0 }
}

const wantedOf = (swarm: DonorSwarm): number =>
  Math.max(...swarm.nodes.map((node) => node.repository.status().donation?.copies.wanted ?? 0))

describe('donated space', () => {
  it('holds everything several times over, though the origin dies and donors come and go', async (t) => {
    const { swarm, donatedBytes, copies } = await filledSwarm(t, {
      donors: 20,
      times: 5,
      directories: 100,
    })
    assert.equal(copies, 4)
    assert.ok(swarm.storedBytes() <= swarm.repositoryBytes * copies * 1.1)
    originDies(swarm)
    await swarm.leave(...swarm.nodes.slice(0, 3))
    const [lacking, before] = [swarm.lackingBytes(3), swarm.storedBytes()]
    await swarm.until(() => swarm.least() >= 3)
    await swarm.pass(120_000)
    assert.equal(wantedOf(swarm), 3)
    assert.ok(swarm.storedBytes() - before <= lacking * 1.1, 'only what was lost moves')
    for (let i = 0; i < 3; i += 1) await swarm.join(`late-${i}`, donatedBytes)
    await swarm.until(() => swarm.least() >= copies)
    for (const node of swarm.nodes) {
      const { usedBytes = 0 } = node.repository.status().donation ?? {}
      assert.ok(usedBytes <= donatedBytes)
    }
    const status = (swarm.nodes[0] as DonorNode).repository.status().donation
    assert.equal(status?.donors, 19)
    await swarm.until(() => swarm.nodes[0]?.repository.status().donation?.copies.least === copies)
  })

  it('moves nothing when a donor restarts, and lets go of all when it donates no more', async (t) => {
    const { swarm } = await filledSwarm(t, { donors: 3, times: 3, directories: 30 })
    const quotaBytes = swarm.repositoryBytes * 2
    const stores = { ...swarm.rig.stores(), blobs: new MemoryBlobStore({ quotaBytes }) }
    const joins = (): Promise<DonorNode> =>
      swarm.join('restarting', swarm.repositoryBytes, { stores })
    const first = await joins()
    await swarm.leave(...swarm.nodes.slice(0, 1))
    await swarm.until(() => swarm.least() >= 2)
    await swarm.leave(first)
    const again = await joins()
    await swarm.pass(120_000)
    assert.equal(again.storedBytes(), 0)
    assert.equal(again.holds.size, first.holds.size)
    await swarm.leave(again)
    const name = `donation/${swarm.rig.builder.id}`
    assert.notEqual(await stores.records.get(name), undefined)
    const without = await swarm.rig.node({ name: 'restarting', stores })
    await swarm.pass(120_000)
    assert.equal(await stores.records.get(name), undefined)
    assert.equal(without.repository.status().donation, undefined)
    const filler = new Uint8Array(quotaBytes)
    await stores.blobs.put(sha256(filler), filler)
    assert.equal(stores.blobs.usage().blobs, 1, 'nothing is pinned any more')
  })

  it('fetches a new file of a kept slice at once', async (t) => {
    const { swarm } = await filledSwarm(t, { donors: 3, times: 3, directories: 30 })
    const next = JAR.replaceAll('1.0.jar', '1.0-sources.jar')
    swarm.rig.builder.put(next, 'sources').publish()
    assert.equal(
      sliceOf(swarm.rig.builder.entry(next).path),
      sliceOf(swarm.rig.builder.entry(JAR).path),
    )
    const keepers = swarm.holders(JAR).length
    const tookMs = await swarm.until(() => swarm.holders(next).length >= keepers)
    assert.ok(tookMs < HOUR_MS / 2, 'all that is kept is looked at each hour anyway')
  })

  it('brings back what all its keepers lost while the origin lives, and says so while it does not', async (t) => {
    const { swarm, donatedBytes } = await filledSwarm(t, { donors: 6, times: 3, directories: 30 })
    originDies(swarm)
    const keepers = swarm.holders(JAR)
    await swarm.leave(...keepers)
    const [witness] = swarm.nodes
    assert.ok(witness !== undefined)
    await swarm.until(() => witness.repository.status().donation?.copies.least === 0)
    await swarm.pass(HOUR_MS / 4)
    assert.equal(swarm.holders(JAR).length, 0)
    assert.ok(witness.logger.lines.some(({ message }) => message.includes('cannot be had now')))
    swarm.rig.origin.behaviour = 'healthy'
    swarm.rig.origin.reported = { healthy: true, medianMs: 20, waitingMs: 0 }
    await swarm.join('new', donatedBytes)
    await swarm.until(() => swarm.least() >= 1)
  })

  it('believes no donor that claims all and has nothing, however often it is told', async (t) => {
    const { swarm } = await filledSwarm(t, { donors: 6, times: 4, directories: 30 })
    const { id } = swarm.rig.builder
    const all = sliceSet(Array(SLICES).keys())
    for (let i = 0; i < 6; i += 1) {
      const liar = await swarm.rig.node({ name: `liar-${i}` })
      liar.swarm.donate(id, { donatedBytes: 1e15, slices: all })
    }
    const [first] = swarm.nodes
    assert.ok(first !== undefined)
    const told = (name: string): boolean | undefined => first.swarm.proven.get(`${id} ${name}`)
    await swarm.until(() => [...Array(6).keys()].every((i) => told(`liar-${i}`) === false))
    assert.equal(told('donor-1'), true)
    await swarm.leave(...swarm.nodes.slice(4))
    await swarm.until(() => swarm.least() >= wantedOf(swarm))
    assert.equal(wantedOf(swarm), Math.floor((0.9 * 4 * 4) / 6))
  })

  it('bans who gives wrong bytes for a proof, and asks who is silent again', async (t) => {
    const { swarm } = await filledSwarm(t, { donors: 3, times: 3, directories: 30 })
    const { id } = swarm.rig.builder
    const [first] = swarm.nodes
    assert.ok(first !== undefined)
    const slices = sliceSet(Array(SLICES).keys())
    const lying = await swarm.rig.node({ name: 'lying', manner: 'lying' })
    const silent = await swarm.rig.node({ name: 'silent', manner: 'silent' })
    for (const { swarm: its } of [lying, silent]) its.donate(id, { donatedBytes: 1e6, slices })
    await swarm.until(() => first.swarm.proven.get(`${id} lying`) === false)
    await swarm.pass(300_000)
    assert.equal(first.swarm.proven.get(`${id} silent`), undefined)
    silent.swarm.manner = 'honest'
    await swarm.until(() => first.swarm.proven.get(`${id} silent`) === false)
  })
})
