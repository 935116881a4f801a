import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { RecordingLogger, silentLogger } from '@jarswarm/testkit'
import { openPeerDatastore } from '../src/peer-datastore.ts'

describe('openPeerDatastore', () => {
  for (const [what, content] of [
    ['that is empty', ''],
    ['that names no file', 'MANIFEST-999999\n'],
  ] as const) {
    it(`sets a database aside whose CURRENT is one ${what}`, async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
      t.after(() => rm(directory, { recursive: true, force: true }))
      const first = await openPeerDatastore(directory, silentLogger)
      await first.db.put('a', Buffer.from('b'))
      await first.close()
      await writeFile(join(directory, 'peers', 'CURRENT'), content)
      const logger = new RecordingLogger()
      const again = await openPeerDatastore(directory, logger)
      assert.equal(await again.db.get('a'), undefined)
      await again.close()
      assert.equal(logger.lines[0]?.level, 'error')
      assert.deepEqual((await readdir(directory)).sort(), ['peers', 'peers.damaged'])
    })
  }

  it('sets a database aside, before LevelDB reads it, of which a table is damaged', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const first = await openPeerDatastore(directory, silentLogger)
    await first.db.put('a', Buffer.from('an address of a peer'))
    await first.close()
    // Opening moves the journal into a table.
    await (await openPeerDatastore(directory, silentLogger)).close()
    const peers = join(directory, 'peers')
    const tables = (await readdir(peers)).filter((name) => name.endsWith('.ldb'))
    assert.equal(tables.length, 1)
    const table = join(peers, tables[0] ?? '')
    const bytes = await readFile(table)
    const at = bytes.indexOf('address')
    assert.ok(at > 0)
    bytes.write('A', at)
    await writeFile(table, bytes)
    const logger = new RecordingLogger()
    const again = await openPeerDatastore(directory, logger)
    assert.equal(await again.db.get('a'), undefined)
    await again.close()
    assert.equal(logger.lines[0]?.level, 'error')
  })

  it('does not set a database aside that somebody else has open', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const first = await openPeerDatastore(directory, silentLogger)
    await assert.rejects(openPeerDatastore(directory, silentLogger))
    await first.close()
    assert.deepEqual(await readdir(directory), ['peers'])
  })
})
