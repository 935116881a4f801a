import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { SystemClock } from '@jarswarm/node'
import type { Node, Primary } from '@jarswarm/node'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'
import type { StartNodeInit } from './_swarm.ts'
import { CONTENT, JAR } from './_tree.ts'
import { waitFor } from './_wait-for.ts'

/** Comes back to what failed at once. */
class ImpatientClock extends SystemClock {
  override setTimer(task: () => void, delayMs: number): { cancel(): void } {
    return super.setTimer(task, Math.min(delayMs, 100))
  }
}

/**
 * An address of this process alone, so that nobody else draws the port that a node left and comes back to. Only macOS
 * has no more than one loopback address by itself.
 */
function ownAddress(): string {
  if (process.platform === 'darwin') return '127.0.0.1'
  const { pid } = process
  // From 127.64.0.0 on, since process ids have 22 bits.
  return ['127', 64 + (pid >> 16), (pid >> 8) & 0xff, pid & 0xff].join('.')
}

interface Setting {
  readonly node: Node
  readonly other: Primary
  readonly dataDir: string
}

async function start(t: TestContext, init: Partial<StartNodeInit> = {}): Promise<Setting> {
  const directory = temporaryDirectory(t)
  const dataDir = join(directory, 'data')
  const other = await startPrimary(t, { directory, name: 'other' })
  return {
    node: await startNode(t, { dataDir, listen: [`/ip4/${ownAddress()}/tcp/0`], ...init }),
    other,
    dataDir,
  }
}

async function assertFollowed({ node, dataDir }: Setting): Promise<void> {
  assert.deepEqual(node.repositoryNames(), ['other'])
  await waitFor('the jar', async () => {
    const answer = await fetch(`${String(node.url)}/other/${JAR}`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    return answer.ok && bytes.equals(CONTENT[JAR] ?? new Uint8Array())
  })
  assert.match(readFileSync(join(dataDir, 'joined.json'), 'utf8'), /jarswarm:/)
}

describe('joining a repository', () => {
  it('may be done again when the list could not be written', async (t) => {
    const setting = await start(t)
    const { node, other, dataDir } = setting
    mkdirSync(join(dataDir, 'joined.json.new'))
    await assert.rejects(node.join(other.link()))
    assert.deepEqual(node.repositoryNames(), [])
    rmdirSync(join(dataDir, 'joined.json.new'))
    await node.join(other.link())
    await assertFollowed(setting)
  })

  it('may be done again when the swarm could not be made anew', async (t) => {
    const setting = await start(t)
    const { node, other, dataDir } = setting
    const before = node.listenAddresses()
    chmodSync(join(dataDir, 'peer', 'peer.key'), 0o644)
    await assert.rejects(node.join(other.link()), { code: 'ERR_KEYS_EXPOSED' })
    assert.deepEqual(node.listenAddresses(), [])
    chmodSync(join(dataDir, 'peer', 'peer.key'), 0o600)
    await node.join(other.link())
    assert.deepEqual(node.listenAddresses(), before)
    await assertFollowed(setting)
  })

  it('has a swarm again by itself when one can be made', async (t) => {
    const setting = await start(t, { clock: new ImpatientClock() })
    const { node, other, dataDir } = setting
    const before = node.listenAddresses()
    chmodSync(join(dataDir, 'peer', 'peer.key'), 0o644)
    await assert.rejects(node.join(other.link()), { code: 'ERR_KEYS_EXPOSED' })
    chmodSync(join(dataDir, 'peer', 'peer.key'), 0o600)
    await waitFor('the swarm', () => node.listenAddresses().length > 0)
    assert.deepEqual(node.listenAddresses(), before)
    await assertFollowed(setting)
  })
})
