import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Node, NodeInit } from '@jarswarm/node'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { formatLink, parseLink } from '@jarswarm/trust'
import { TestOrigin } from './_origin.ts'
import { startNode, temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const METADATA = 'org/example/lib/maven-metadata.xml'
const ABSENT = 'org/example/none/1.0/none-1.0.jar'
const DAY_MS = 86_400_000

/** Time passes at once when the test puts it forward. */
class ForwardClock {
  aheadMs = 0

  now(): number {
    return Date.now() + this.aheadMs
  }

  monotonicMs(): number {
    return performance.now() + this.aheadMs
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = setTimeout(callback, delayMs)
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  }
}

/** A node that has the whole index of a head, whose timestamp expires at this moment. */
async function startExpired(t: TestContext, freshness: NonNullable<NodeInit['freshness']>) {
  const nowMs = Date.now()
  const builder = new SignedRepositoryBuilder({ nowMs })
  builder.put(JAR, 'a jar').put(METADATA, '<metadata/>').publish()
  const origin = await TestOrigin.start(t, {})
  const upload = (): void => {
    for (const [path, bytes] of builder.files) origin.files.set(path, Buffer.from(bytes))
  }
  upload()
  const link = formatLink({ ...parseLink(builder.link()), origin: origin.url })
  const clock = new ForwardClock()
  const dataDir = join(temporaryDirectory(t), 'data')
  const node = await startNode(t, { dataDir, clock, freshness, links: [link] })
  await waitFor('the index', () => repositoryOf(node)?.index.complete === true)
  assert.equal((await get(node, METADATA)).status, 200)
  clock.aheadMs = 8 * DAY_MS
  return { node, builder, upload, origin, clock, nowMs }
}

const repositoryOf = (node: Node) => node.statusNow().repositories[0]
const seqOf = (node: Node): number | undefined => repositoryOf(node)?.head?.seq

async function get(node: Node, path: string): Promise<Response> {
  const answer = await fetch(`${String(node.url)}/sample/${path}`)
  await answer.arrayBuffer()
  return answer
}

/** How often a manifest was asked for. */
const looks = ({ asked }: TestOrigin): number =>
  asked.filter((path) => path === '.jarswarm/manifest').length

describe('a node whose newest head has expired', () => {
  it('serves what may have changed with its age, and takes what is newer', async (t) => {
    const { node, builder, upload, nowMs } = await startExpired(t, 'default')
    const metadata = await get(node, METADATA)
    assert.equal(metadata.status, 200)
    assert.ok(Number(metadata.headers.get('x-jarswarm-stale')) >= DAY_MS / 1000)
    assert.equal(repositoryOf(node)?.freshness, 'stale')
    builder.put('org/example/lib/1.1/lib-1.1.jar', 'newer').publish({ nowMs: nowMs + DAY_MS / 2 })
    upload()
    await waitFor('the newer head, expired as it is', async () => {
      await get(node, ABSENT)
      return seqOf(node) === 2
    })
  })

  it('serves releases alone and takes only what has not expired, with enforced freshness', async (t) => {
    const { node, builder, upload, origin, clock, nowMs } = await startExpired(t, 'enforce')
    assert.equal((await get(node, METADATA)).status, 424)
    assert.equal((await get(node, ABSENT)).status, 424)
    assert.equal((await get(node, JAR)).status, 200)
    assert.equal(repositoryOf(node)?.freshness, 'suspect')
    builder.put('org/example/lib/1.1/lib-1.1.jar', 'newer').publish({ nowMs: nowMs + DAY_MS / 2 })
    upload()
    // Longer after the last look than one look is good for.
    clock.aheadMs += 60_000
    const before = looks(origin)
    await get(node, ABSENT)
    assert.ok(looks(origin) > before)
    assert.equal(seqOf(node), 1)
    builder.resign(clock.now())
    upload()
    clock.aheadMs += 60_000
    await waitFor('the head, signed anew', async () => {
      await get(node, ABSENT)
      return seqOf(node) === 2
    })
    assert.equal((await get(node, METADATA)).status, 200)
  })
})
