import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryUpstream } from '@jarswarm/testkit'
import { BIG, BIG_BYTES, JAR, METADATA, POM, Rig } from './_rig.ts'
import type { Node, NodeOptions } from './_rig.ts'

const NEAR = 'http://a.test/repo/'
const FAR = 'http://b.test/repo/'
const HUGE = 'org/example/huge/1.0/huge-1.0.bin'
const WARNING = 'upstream sent bytes that the signed index does not name'

/** A repository with two mirrors on its list; nodes that follow it make them here. */
class MirroredRig extends Rig {
  readonly made = new Map<string, MemoryUpstream>()
  readonly closed: string[] = []

  mirror(url: string): MemoryUpstream {
    const made = this.made.get(url)
    assert.ok(made, `no mirror at ${url}`)
    return made
  }

  async follower(options: NodeOptions = {}): Promise<Node> {
    const node = await this.node({
      createMirror: (url) => {
        const mirror = new MemoryUpstream({
          kind: 'mirror',
          url,
          files: new Map(this.builder.files),
        })
        mirror.close = () => {
          this.closed.push(url)
          return Promise.resolve()
        }
        this.made.set(url, mirror)
        return mirror
      },
      ...options,
    })
    await this.synced(node)
    return node
  }

  list(...mirrors: readonly string[]): void {
    this.builder.publish({ mirrors })
  }

  /** First-byte times of origin, near and far mirror, and that the origin is away. */
  speeds(originMs: number | undefined, nearMs: number, farMs: number): void {
    const healthy = { healthy: true, waitingMs: 0 }
    this.origin.reported = { ...healthy, healthy: originMs !== undefined, medianMs: originMs }
    this.mirror(NEAR).reported = { ...healthy, medianMs: nearMs }
    this.mirror(FAR).reported = { ...healthy, medianMs: farMs }
  }
}

describe('mirrors of the signed list', () => {
  it('are asked in the order of their measured speed, and the origin is spared', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR, FAR)
    const node = await rig.follower()
    rig.speeds(50, 40, 30)
    assert.equal(await rig.fetch(node, POM), 'mirror')
    assert.ok(rig.mirror(FAR).requests.includes(POM))
    assert.ok(!rig.mirror(NEAR).requests.includes(POM))
    assert.ok(!rig.origin.requests.includes(POM))
    rig.speeds(10, 40, 30)
    assert.equal(await rig.fetch(node, JAR), 'origin')
  })

  it('carry everything while the origin is away: files, mutable files, index and heads', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR)
    const stores = rig.stores()
    const before = await rig.follower({ stores })
    await before.stop()
    rig.origin.behaviour = 'refusing'
    rig.origin.reported = { healthy: false, medianMs: undefined, waitingMs: 0 }
    rig.builder.put('org/example/lib/1.1/lib-1.1.pom', 'new')
    rig.builder.put(METADATA, 'new metadata')
    rig.builder.publish()
    const node = await rig.follower({ stores })
    assert.equal(node.repository.head?.seq, rig.builder.state?.head.seq)
    for (const path of [POM, METADATA, BIG, 'org/example/lib/1.1/lib-1.1.pom']) {
      assert.equal(await rig.fetch(node, path), 'mirror', path)
    }
    assert.equal((await rig.resolve(node, 'org/example/none/1/none-1.jar')).kind, 'absent')
  })

  it('never get a wrong byte through, and are asked last for an hour after one', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR)
    const node = await rig.follower()
    const mirror = rig.mirror(NEAR)
    rig.origin.reported = { healthy: true, medianMs: 50, waitingMs: 0 }
    mirror.behaviour = 'lying'
    assert.equal(await rig.fetch(node, POM), 'origin')
    assert.equal(mirror.requests.filter((path) => path === POM).length, 1)
    assert.ok(node.logger.lines.some(({ message }) => message === WARNING))
    mirror.behaviour = 'healthy'
    assert.equal(await rig.fetch(node, JAR), 'origin')
    assert.ok(!mirror.requests.includes(JAR))
    rig.clock.advance(3_600_001)
    assert.equal(await rig.fetch(node, BIG), 'mirror')
  })

  it('may have nothing but artifacts', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR)
    const node = await rig.follower()
    const mirror = rig.mirror(NEAR)
    for (const path of mirror.files.keys()) if (path.startsWith('.')) mirror.files.delete(path)
    rig.origin.reported = { healthy: true, medianMs: 50, waitingMs: 0 }
    await rig.refresh(node)
    assert.equal(await rig.fetch(node, POM), 'mirror')
    mirror.requests.length = 0
    assert.equal(await rig.fetch(node, METADATA), 'origin')
    assert.deepEqual(mirror.requests, [])
  })

  it('that lack most files are asked later than a slower one that has them', async (t) => {
    const rig = new MirroredRig(t)
    for (let at = 0; at < 30; at += 1) {
      rig.builder.put(`org/example/m/${at}/m-${at}.pom`, `pom ${at}`)
    }
    rig.list(NEAR)
    const node = await rig.follower()
    const mirror = rig.mirror(NEAR)
    for (const path of mirror.files.keys()) if (!path.startsWith('.')) mirror.files.delete(path)
    rig.origin.reported = { healthy: true, medianMs: 40, waitingMs: 0 }
    for (let at = 0; at < 30; at += 1) {
      assert.equal(await rig.fetch(node, `org/example/m/${at}/m-${at}.pom`), 'origin')
    }
    const asked = mirror.requests.filter((path) => path.endsWith('.pom')).length
    assert.ok(asked > 0 && asked < 15, `asked ${asked} times`)
  })

  it('come and go with the list', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR, FAR)
    const node = await rig.follower()
    assert.deepEqual([...rig.made.keys()], [NEAR, FAR])
    rig.made.clear()
    rig.list(FAR)
    await rig.refresh(node)
    assert.deepEqual(rig.closed, [NEAR])
    assert.deepEqual([...rig.made.keys()], [], 'a mirror that stays keeps its standing')
    await node.stop()
    assert.deepEqual(rig.closed, [NEAR, FAR])
  })

  it('that are the origin itself are not asked twice', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(`${rig.origin.url}/`)
    await rig.follower()
    assert.deepEqual([...rig.made.keys()], [])
  })

  it('that are this node itself are not asked', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR)
    const node = await rig.follower({ createMirror: () => undefined })
    assert.equal(await rig.fetch(node, POM), 'origin')
  })

  it('are not asked by a node that is offline', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR)
    const stores = rig.stores()
    const before = await rig.follower({ stores })
    await before.stop()
    rig.made.clear()
    await rig.node({ stores, offline: true, createMirror: (url) => assert.fail(url) })
  })

  it('give pieces of a large file side by side', async (t) => {
    const rig = new MirroredRig(t)
    const copies = Array.from({ length: 16 }, (_, at) => BIG_BYTES.map((byte) => byte ^ at))
    rig.builder.put(HUGE, Buffer.concat(copies))
    rig.list(NEAR, FAR)
    const node = await rig.follower()
    rig.speeds(100, 30, 25)
    assert.equal(await rig.fetch(node, HUGE), 'mirror')
    for (const url of [NEAR, FAR]) {
      assert.ok(
        rig.mirror(url).requests.some((path) => path.startsWith(HUGE)),
        url,
      )
    }
    assert.ok(!rig.origin.requests.some((path) => path.startsWith(HUGE)))
  })

  it('that lag do not speak for an origin that works', async (t) => {
    const rig = new MirroredRig(t)
    rig.list(NEAR)
    const node = await rig.follower()
    const path = 'org/example/lib/1.2/lib-1.2.pom'
    rig.builder.put(path, 'just deployed')
    rig.builder.publish()
    // The mirror answers at once with the head that the node has; the origin takes its time.
    const slow = Promise.withResolvers<undefined>()
    rig.origin.gate = (asked) => (asked === '.jarswarm/manifest' ? slow.promise : Promise.resolve())
    rig.clock.advance(11_000)
    const resolving = node.repository.resolve(path as never, {})
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    slow.resolve(undefined)
    assert.equal((await rig.wait(resolving)).kind, 'artifact')
  })
})
