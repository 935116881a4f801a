import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { formatWithdrawalBatch, sha256 } from '@jarswarm/manifest'
import { ControlClient } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { waitFor } from '../_wait-for.ts'
import { get, Testnet } from './_testnet.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'
const OTHER = 'org/example/other/1.0/other-1.0.jar'
const FILES: Readonly<Record<string, Uint8Array>> = {
  [JAR]: Buffer.from('a jar'),
  [POM]: Buffer.from('<project/>'),
  [OTHER]: Buffer.from('another jar'),
}
const REASON = 'malware: steals keys'
const DAY_MS = 86_400_000
/** A gossip round and what follows it, on a busy machine. */
const SOON_MS = 30_000

/** The machine's clock, set forward. */
const clockAhead = (aheadMs: number) => ({
  now: () => Date.now() + aheadMs,
  monotonicMs: () => performance.now(),
  setTimer: (callback: () => void, delayMs: number) => {
    const timer = setTimeout(callback, delayMs)
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  },
})

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-withdrawal-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** Have a node that reaches the origin look for a newer head, as any request for what is absent does. */
const look = (node: Node): Promise<unknown> => get(node, 'a/none.jar')

const untilGone = (node: Node, seenBy: Node): Promise<unknown> =>
  waitFor(
    'the withdrawal',
    async () => {
      await look(seenBy)
      return (await get(node, JAR)).status === 410 || undefined
    },
    SOON_MS,
  )

const repositoryOf = (node: Node) => node.statusNow().repositories[0]
const withdrawnOf = (node: Node) => repositoryOf(node)?.withdrawn?.files[0]

describe('a withdrawal', () => {
  it('reaches every node at once, which tells whose build had the file', async (t) => {
    const net = await Testnet.create(t, FILES)
    const first = await net.holder()
    const second = await net.node({ knows: [first] })
    const third = await net.node({ knows: [second] })
    assert.equal((await get(second, JAR)).status, 200)
    assert.equal((await get(third, POM)).status, 200)
    // By hand is as good as by a build.
    ;(await third.get(`sample/${JAR}`)).release()
    net.builder.remove(JAR, REASON).publish({ nowMs: Date.now() })
    for (const node of [first, second, third]) {
      await untilGone(node, first)
      const { phrase } = await get(node, JAR)
      assert.match(
        phrase,
        /^lib-1\.0\.jar was withdrawn from sample on \d{4}-\d\d-\d\d: malware: steals keys$/,
      )
      assert.equal((await get(node, `${JAR}.sha1`)).status, 410)
      const head = await fetch(`${String(node.url)}/sample/${JAR}`, { method: 'HEAD' })
      assert.equal(head.status, 410)
      // The pom stays, and its missing jar is no reason to withhold it.
      assert.equal((await get(node, POM)).status, 200)
    }
    const page = await waitFor('a listing without it', async () => {
      const { status, bytes } = await get(first, 'org/example/lib/1.0/')
      const text = bytes.toString()
      return status === 200 && !text.includes('lib-1.0.jar') ? text : undefined
    })
    assert.match(page, /lib-1\.0\.pom/)
    for (const node of [second, third]) {
      const told = withdrawnOf(node)
      assert.deepEqual([told?.path, told?.reason], [JAR, REASON])
      assert.notEqual(told?.servedAt, null)
    }
    const [finding] = await third.lookUp([JAR])
    assert.equal(finding?.withdrawn[0]?.reason, REASON)
    await assert.rejects(third.get(`sample/${JAR}`), /withdrawn, malware/)
  })

  it('outlives a restart, and ends with the blob gone from the disk', async (t) => {
    const net = await Testnet.create(t, FILES)
    const dataDir = temporaryDirectory(t)
    const node = await net.node({ dataDir, origin: true })
    assert.equal((await get(node, JAR)).status, 200)
    await waitFor('the blob', () => (node.statusNow().store.blobs > 0 ? true : undefined))
    await waitFor('the index', () => repositoryOf(node)?.index.complete === true || undefined)
    net.builder.remove(JAR, REASON).publish({ nowMs: Date.now() })
    await untilGone(node, node)
    const { count, files } = await new ControlClient(dataDir).withdrawn('sample')
    assert.deepEqual([count, files[0]?.path, files[0]?.reason], [1, JAR, REASON])
    await assert.rejects(node.withdrawn('other'), { name: 'NotFoundError' })
    const { blobs } = node.statusNow().store
    await node.stop()
    const offline = await net.node({ dataDir, offline: true })
    assert.equal((await get(offline, JAR)).status, 410)
    assert.notEqual(withdrawnOf(offline)?.servedAt, null)
    await offline.stop()
    // Its own clock says that the time is over, but nobody else does.
    const ahead = await net.node({ dataDir, offline: true, clock: clockAhead(31 * DAY_MS) })
    assert.equal(ahead.statusNow().store.blobs, blobs)
    await ahead.stop()
    net.builder.resign(Date.now() + 31 * DAY_MS)
    const later = await net.node({ dataDir, origin: true, clock: clockAhead(31 * DAY_MS) })
    await waitFor(
      'the new timestamp',
      () => repositoryOf(later)?.freshness === 'fresh' || undefined,
    )
    await later.stop()
    const last = await net.node({ dataDir, offline: true, clock: clockAhead(31 * DAY_MS) })
    await waitFor('the purge', () => last.statusNow().store.blobs === blobs - 1 || undefined)
    assert.equal((await get(last, JAR)).status, 410)
  })

  it('of more than a hundred files is held back until a root allows it', async (t) => {
    const many = Array.from({ length: 101 }, (_, n) => `a/f${String(n)}/1/f-1.jar`)
    const files = { ...FILES, ...Object.fromEntries(many.map((path) => [path, Buffer.from(path)])) }
    const net = await Testnet.create(t, files)
    const node = await net.node({ origin: true })
    await waitFor('the index', () => repositoryOf(node)?.index.complete === true || undefined)
    assert.equal((await get(node, many[3] ?? '')).status, 200)
    const batch = many.map((path) => ({ ...net.builder.entry(path), reason: 'legal' }))
    for (const path of many) net.builder.remove(path, 'legal')
    net.builder.publish({ nowMs: Date.now() })
    // A look for what may be newer, as any request for what is absent makes one.
    await waitFor('the hold', async () => {
      await get(node, 'a/none.jar')
      return repositoryOf(node)?.history?.heldBack?.held === true || undefined
    })
    assert.equal((await get(node, many[3] ?? '')).status, 200)
    assert.equal((await get(node, 'a/none.jar')).status, 424)
    net.builder.nextRoot({ withdrawals: [sha256(formatWithdrawalBatch(batch))] })
    net.builder.publish({ nowMs: Date.now() })
    await waitFor('the withdrawal', async () => {
      await get(node, 'a/none.jar')
      return (await get(node, many[3] ?? '')).status === 410 || undefined
    })
  })
})

describe('a denied file', () => {
  it('is given to no build and no peer, by path or by digest, over restarts', async (t) => {
    const net = await Testnet.create(t, FILES)
    const dataDir = temporaryDirectory(t)
    const node = await net.holder({ dataDir })
    await node.denials({ add: { what: JAR, reason: 'not with us' } })
    await node.denials({ add: { what: net.builder.entry(OTHER).digest, reason: null } })
    const { status, phrase } = await get(node, JAR)
    assert.deepEqual(
      [status, phrase],
      [451, 'The user of this node denied lib-1.0.jar: not with us'],
    )
    assert.equal((await get(node, `${JAR}.sha1`)).status, 451)
    assert.equal((await get(node, OTHER)).status, 451)
    assert.equal((await get(node, POM)).status, 200)
    await net.closeOrigin()
    const peer = await net.node({ knows: [node] })
    await waitFor(
      'the pom of the peer',
      async () => (await get(peer, POM)).status === 200 || undefined,
    )
    assert.equal((await get(peer, JAR)).status, 424)
    assert.equal((await get(peer, OTHER)).status, 424)
    await node.stop()
    const again = await net.node({ dataDir, offline: true })
    assert.equal((await get(again, JAR)).status, 451)
    await again.denials({ remove: JAR })
    assert.equal((await get(again, JAR)).status, 200)
    await assert.rejects(again.denials({ add: { what: '../x', reason: null } }), TypeError)
  })
})
