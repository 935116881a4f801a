import assert from 'node:assert/strict'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'
import { JAR } from './_tree.ts'

/** Directories of LevelDB, which gives its files the modes that the umask leaves. */
const LEVEL = /^(?:db|(?:peer\/)?peers)\//

const modeOf = (path: string): number => statSync(path).mode & 0o777

/** Everything below a directory that somebody besides its owner can do anything with. */
function openForOthers(directory: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  assert.ok(names.length > 0)
  return names.filter((name) => !LEVEL.test(name) && (modeOf(join(directory, name)) & 0o077) !== 0)
}

const ANY_ADDRESS = { host: '127.0.0.1', port: 0 }

describe('what a node keeps', () => {
  it('is for its owner alone, whatever the umask is, or the node does not start', async (t) => {
    const before = process.umask(0)
    t.after(() => process.umask(before))
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const dataDir = join(directory, 'data')
    const init = { dataDir, https: ANY_ADDRESS, links: [primary.link()] }
    const node = await startNode(t, init)
    const artifact = await node.get(`demo/${JAR}`)
    for await (const chunk of artifact.bytes) assert.ok(chunk.length > 0)
    artifact.release()
    await node.denials({ add: { what: JAR, reason: null } })
    // Its socket is gone once it has stopped.
    assert.deepEqual(openForOthers(dataDir), [])
    assert.equal(modeOf(dataDir), 0o700)
    await node.stop()
    for (const key of ['peer/peer.key', 'https/key.pem']) {
      const path = join(dataDir, key)
      chmodSync(path, 0o644)
      await assert.rejects(startNode(t, init), { code: 'ERR_KEYS_EXPOSED', path })
      chmodSync(path, 0o600)
    }
    // A directory that somebody opened is closed again.
    chmodSync(dataDir, 0o777)
    await startNode(t, init)
    assert.equal(modeOf(dataDir), 0o700)
  })
})

describe('what a primary keeps', () => {
  it('is for its owner alone, whatever the umask is', async (t) => {
    const before = process.umask(0)
    t.after(() => process.umask(before))
    const directory = temporaryDirectory(t)
    await startPrimary(t, { directory })
    assert.equal(modeOf(join(directory, 'demo-state')), 0o700)
    assert.deepEqual(openForOthers(join(directory, 'demo-state', 'peer')), [])
    assert.deepEqual(openForOthers(join(directory, 'demo-state', 'keys')), [])
  })
})
