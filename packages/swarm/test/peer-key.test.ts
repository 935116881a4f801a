import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { CorruptFileError } from '@jarswarm/files'
import { loadPeerKey } from '../src/peer-key.ts'

describe('loadPeerKey', () => {
  it('keeps the key for the owner alone', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const key = await loadPeerKey(directory)
    assert.equal((await stat(join(directory, 'peer.key'))).mode & 0o777, 0o600)
    assert.equal((await loadPeerKey(directory)).equals(key), true)
  })

  it('refuses one that others can read', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    await loadPeerKey(directory)
    await chmod(join(directory, 'peer.key'), 0o640)
    await assert.rejects(loadPeerKey(directory), { code: 'ERR_KEYS_EXPOSED' })
  })

  it('refuses a damaged key rather than going on under a new name', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'peer.key'), 'no key', { mode: 0o600 })
    await assert.rejects(loadPeerKey(directory), /found 6 bytes/)
  })

  it('refuses a key of another kind, which could sign no notice', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const bytes = privateKeyToProtobuf(await generateKeyPair('secp256k1'))
    await writeFile(join(directory, 'peer.key'), bytes, { mode: 0o600 })
    await assert.rejects(loadPeerKey(directory), /wanted an Ed25519 key/)
  })

  it('refuses any turned bit, also where it changes nothing that is read', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    await loadPeerKey(directory)
    const file = join(directory, 'peer.key')
    const whole = await readFile(file)
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const turned = Uint8Array.from(whole)
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(file, turned)
      await assert.rejects(loadPeerKey(directory), CorruptFileError, `bit ${String(bit)}`)
    }
  })
})
