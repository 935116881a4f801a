import { sha256 } from '@jarswarm/manifest'
import { judgeEvidence, parseEvidence } from '@jarswarm/trust'
import type { EvidenceVerdict } from '@jarswarm/trust'
import { MemoryUpstream } from '@jarswarm/testkit'
import type { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { parsePath } from '@jarswarm/maven'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BIG, JAR, METADATA, POM, Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const NEW = 'org/example/lib/1.1/lib-1.1.pom'
const OTHER = 'org/example/lib/1.2/lib-1.2.pom'

/** What a node's evidence proves, as somebody without a node would find. */
function verdicts({ stores }: Node): readonly EvidenceVerdict[] {
  return [...stores.evidence.files.values()].map((bytes) => judgeEvidence(parseEvidence(bytes)))
}

/** Let a node find what the origin has now, and make up its mind about it. */
async function offer(rig: Rig, node: Node, builder: SignedRepositoryBuilder): Promise<void> {
  for (const [path, bytes] of builder.files) rig.origin.files.set(path, bytes)
  rig.clock.advance(11_000)
  await rig.wait(node.repository.lookForNewerHead({}))
  const seq = builder.state?.head.seq
  await rig.until(() => {
    const { head, history } = node.repository.status()
    return head?.seq === seq || history?.heldBack?.refused === true
  })
}

/** How often a node said that it left behind what the old online keys had signed. */
function keysReplaced({ logger }: Node): number {
  return logger.lines.filter(({ message }) => message.includes('keys were replaced')).length
}

function refusalOf(node: Node): string {
  const heldBack = node.repository.status().history?.heldBack
  assert.equal(heldBack?.refused, true, 'the head was not refused')
  return heldBack.reason
}

describe('a head that continues the history', () => {
  it('comes into use, with its new lines kept for peers', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(NEW, 'new').put(METADATA, '<newer/>').remove(POM).publish()
    await rig.refresh(node)
    assert.equal((await rig.resolve(node, NEW)).kind, 'artifact')
    assert.equal(node.repository.status().history?.heldBack, null)
    const size = rig.builder.state?.head.history.size ?? 0
    const tile = await node.mirror.readLogTile(rig.builder.id, `tile/0/000.p/${String(size)}`)
    assert.deepEqual(tile, rig.builder.files.get(`.jarswarm/log/tile/0/000.p/${String(size)}`))
    assert.ok(
      await node.mirror.readLogTile(rig.builder.id, `tile/entries/000.p/${String(size - 1)}`),
    )
    assert.equal(await node.mirror.readLogTile(rig.builder.id, 'tile/../../x'), undefined)
    assert.deepEqual(verdicts(node), [])
  })

  it('comes into use over many tiles, from a peer alone', async (t) => {
    const rig = new Rig(t)
    for (let i = 0; i < 700; i += 1) rig.builder.put(`g/a/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish()
    const full = await rig.fullNode({ name: 'full' })
    const node = await rig.node({ name: 'asking', upstreams: [] })
    await rig.synced(node)
    for (let i = 700; i < 1_400; i += 1) rig.builder.put(`g/a/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish()
    await rig.refresh(full)
    await rig.synced(node)
    assert.equal(node.repository.status().history?.heldBack, null)
  })

  it('is compared with the one before also after the owners replaced the online keys', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode({ name: 'full' })
    await rig.until(() => node.repository.status().history?.replayed === true)
    rig.builder.nextRoot({ rotate: true })
    rig.builder.put(NEW, 'new').publish()
    await offer(rig, node, rig.builder)
    assert.equal(node.repository.head?.index.root, rig.builder.state?.head.index.root)
    assert.equal(node.repository.status().history?.replayed, true)
    assert.equal(keysReplaced(node), 0)
  })

  it('is taken as it is, and said to be, after the owners left behind what was signed with the old keys', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const owner = rig.builder.fork()
    rig.builder.put(NEW, 'by a thief').publish()
    await offer(rig, node, rig.builder)
    owner.nextRoot({ rotate: true })
    owner.put(OTHER, 'by the owner').publish()
    await offer(rig, node, owner)
    assert.equal(node.repository.head?.index.root, owner.state?.head.index.root)
    assert.deepEqual(verdicts(node), [])
    assert.equal(keysReplaced(node), 1)
  })
})

describe('a head whose history cannot be had', () => {
  it('waits, while all that was there is served', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const before = new Set(rig.origin.files.keys())
    rig.builder.put(JAR, 'other bytes').put(NEW, 'new').publish()
    const hidden = [...rig.origin.files].filter(
      ([path]) => path.startsWith('.jarswarm/log/') && !before.has(path),
    )
    for (const [path] of hidden) rig.origin.files.delete(path)
    rig.clock.advance(11_000)
    assert.equal((await rig.resolve(node, NEW)).kind, 'unknown')
    const beside = node.repository.resolve(parsePath(`${BIG}.none`), { beside: true })
    assert.equal((await rig.wait(beside)).kind, 'absent')
    const jar = await rig.resolve(node, JAR)
    assert.ok(jar.kind === 'artifact' && jar.entry.digest === sha256(Buffer.from('a jar')))
    assert.equal(node.repository.status().history?.heldBack?.refused, false)
    for (const [path, bytes] of hidden) rig.origin.files.set(path, bytes)
    await rig.until(() => node.repository.status().history?.heldBack?.refused === true)
    assert.equal(verdicts(node).length, 1)
  })
})

describe('a head that breaks a promise', () => {
  it('is refused with evidence when it changes the bytes of a release', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(JAR, 'other bytes').publish()
    await offer(rig, node, rig.builder)
    assert.match(refusalOf(node), /lib-1\.0\.jar: release has a second digest/)
    const jar = await rig.resolve(node, JAR)
    assert.ok(jar.kind === 'artifact' && jar.entry.digest === sha256(Buffer.from('a jar')))
    const [verdict] = verdicts(node)
    assert.equal(verdict?.kind, 'second-digest')
    assert.equal(verdict.repository, rig.builder.id)
    assert.match(verdict.says, new RegExp(JAR))
    assert.deepEqual(node.repository.status().evidence, [...node.stores.evidence.files.keys()])
    assert.match(
      String(
        ((await rig.resolve(node, 'org/example/none/1/none-1.pom')) as { reason?: string }).reason,
      ),
      /refused/,
    )
  })

  it('is refused when a release comes back with other bytes', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.remove(JAR).publish()
    await rig.refresh(node)
    rig.builder.put(JAR, 'other bytes').publish()
    await offer(rig, node, rig.builder)
    assert.match(refusalOf(node), /second digest/)
    assert.equal(verdicts(node)[0]?.kind, 'second-digest')
  })

  it('is refused when it changes the index and says nothing of it', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(NEW, 'new').publish({ history: 'silent' })
    await offer(rig, node, rig.builder)
    assert.match(refusalOf(node), /lib-1\.1\.pom: only in the index/)
  })

  it('ends in a security error and a proof when the origin lies first and then tells the truth', async (t) => {
    const rig = new Rig(t)
    const truth = rig.builder.fork()
    // The lie: a history of its own, in which another file was published.
    rig.builder.put(NEW, 'a lie').publish()
    const node = await rig.node()
    await rig.synced(node)
    truth.put(NEW, 'the truth').publish()
    // The head right after would name another one before it; only the history tells of those further on.
    truth.put(OTHER, 'more').publish()
    truth.put(METADATA, 'and more').publish()
    await offer(rig, node, truth)
    assert.match(refusalOf(node), /rewrites the first/)
    const [verdict] = verdicts(node)
    assert.equal(verdict?.kind, 'rewritten-history')
    assert.ok(
      node.logger.lines.some(({ message }) => message.includes('SECURITY ERROR')),
      'nobody was told',
    )
  })

  it('leaves evidence when two heads have one number', async (t) => {
    const rig = new Rig(t)
    const other = rig.builder.fork()
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(NEW, 'one').publish()
    await rig.refresh(node)
    other.put(NEW, 'another').publish()
    other.resign(rig.clock.now())
    for (const [path, bytes] of other.files) rig.origin.files.set(path, bytes)
    rig.clock.advance(11_000)
    await rig.wait(node.repository.lookForNewerHead({}))
    await rig.until(() => node.stores.evidence.files.size > 0)
    assert.equal(verdicts(node)[0]?.kind, 'two-stories')
  })

  it('is followed by one that continues the head in use', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(JAR, 'other bytes').publish()
    await offer(rig, node, rig.builder)
    refusalOf(node)
    rig.builder.remove(JAR).publish()
    await offer(rig, node, rig.builder)
    assert.match(refusalOf(node), /second digest/, 'the lines of the refused head are still there')
    assert.equal(node.repository.head?.seq, 1)
  })
})

describe('a full mirror', () => {
  it('replays the whole history, and keeps it for peers', async (t) => {
    const rig = new Rig(t)
    rig.builder.put(NEW, 'new').publish()
    const node = await rig.fullNode()
    await rig.until(() => node.repository.status().history?.replayed === true)
    const upstream = new MemoryUpstream({ files: new Map() })
    const other = await rig.node({ name: 'other', upstreams: [upstream] })
    await rig.synced(other)
    const { events } = await rig.wait(
      other.repository.history.pathHistory(parsePath(NEW), new AbortController().signal),
    )
    assert.deepEqual(
      events.map(({ kind, seq, digest }) => ({ kind, seq, digest })),
      [{ kind: 'put', seq: 2, digest: sha256(Buffer.from('new')) }],
    )
  })

  it('refuses a first head whose index is not the fold of its history', async (t) => {
    const rig = new Rig(t)
    rig.builder.put(NEW, 'new').publish({ history: 'silent' })
    const node = await rig.node({ mirrorPolicy: 'all' })
    await rig.until(() =>
      node.logger.lines.some(({ message }) => message.includes('SECURITY ERROR')),
    )
    assert.equal(node.repository.status().history?.replayed, false)
  })
})

describe('HistoryReader', () => {
  it('compares all heads that were in use, and replays the history', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    for (const version of ['1.1', '1.2', '1.3']) {
      rig.builder.put(`g/a/${version}/a-${version}.pom`, version).publish()
      await rig.refresh(node)
    }
    const { history } = node.repository
    const { signal } = new AbortController()
    const report = await rig.wait(history.verify({}, signal))
    assert.deepEqual(
      report.heads.map(({ seq }) => seq),
      [1, 2, 3, 4],
    )
    assert.deepEqual(report.inconsistent, [])
    assert.equal(report.replay?.mismatch, undefined)
    assert.equal(report.replay?.lines, rig.builder.events.length)
    const part = await rig.wait(history.verify({ from: 2, to: 3 }, signal))
    assert.deepEqual([part.heads.length, part.replay], [2, undefined])
    await assert.rejects(rig.wait(history.verify({ from: 9 }, signal)), /not in use/)
  })

  it('says which newer head it does not speak for', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const { signal } = new AbortController()
    assert.equal((await rig.wait(node.repository.history.verify({}, signal))).heldBack, null)
    rig.builder.put(JAR, 'other bytes').publish()
    await offer(rig, node, rig.builder)
    const report = await rig.wait(node.repository.history.verify({}, signal))
    assert.deepEqual(
      [report.head.seq, report.heldBack?.seq, report.heldBack?.refused],
      [1, 2, true],
    )
    const found = await rig.wait(node.repository.history.pathHistory(parsePath(JAR), signal))
    assert.deepEqual([found.head.seq, found.heldBack?.seq, found.events.length], [1, 2, 1])
    const said = node.logger.lines.find(
      ({ message, fields }) => message === 'new head' && fields['seq'] === 2,
    )
    assert.equal(said?.fields['inUse'], 1)
  })

  it('dates each event by the first head in use that has it', async (t) => {
    const rig = new Rig(t)
    rig.builder.put(NEW, 'new').publish()
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(OTHER, 'other').publish()
    await rig.refresh(node)
    const { history } = node.repository
    const since = async (path: string) => {
      const { signal } = new AbortController()
      const { events } = await rig.wait(history.pathHistory(parsePath(path), signal))
      return events.map(({ seq, since: { seq: inUse } }) => [seq, inUse])
    }
    assert.deepEqual(await since(POM), [[1, 2]])
    assert.deepEqual(await since(NEW), [[2, 2]])
    assert.deepEqual(await since(OTHER), [[3, 3]])
  })

  it('survives a restart with the head that was in use', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(JAR, 'other bytes').publish()
    await offer(rig, node, rig.builder)
    await node.stop()
    const again = await rig.node({ name: 'again', stores: node.stores })
    const jar = await rig.resolve(again, JAR)
    assert.ok(jar.kind === 'artifact' && jar.entry.digest === sha256(Buffer.from('a jar')))
    assert.equal(again.repository.status().evidence?.length, 1)
  })
})
