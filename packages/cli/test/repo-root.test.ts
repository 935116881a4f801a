import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { createSigner, isEncryptedKey, TrustedRepository } from '@jarswarm/trust'
import { runJarswarm, temporaryDirectory } from './_jarswarm.ts'
import type { Outcome } from './_jarswarm.ts'

const PASSPHRASE = 'correct horse battery'
const env = { JARSWARM_PASSPHRASE: PASSPHRASE }

interface Ceremony {
  readonly directory: string
  readonly state: string
  readonly tree: string
  readonly run: (...args: readonly string[]) => Promise<Outcome>
  readonly succeed: (...args: readonly string[]) => Promise<Record<string, unknown>>
  /** Sign a copy of the pending proposal on the machine of a holder. */
  readonly signBy: (holder: string) => Promise<string>
}

function createCeremony(t: TestContext): Ceremony {
  const directory = temporaryDirectory(t)
  const state = join(directory, 'state')
  const tree = join(directory, 'tree')
  mkdirSync(join(tree, 'a/b/1'), { recursive: true })
  writeFileSync(join(tree, 'a/b/1/b-1.jar'), 'x')
  const run: Ceremony['run'] = (...args) => runJarswarm(['repo', ...args], { env })
  const succeed: Ceremony['succeed'] = async (...args) => {
    const { code, stdout, stderr } = await run(...args, '--json')
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const signBy: Ceremony['signBy'] = async (holder) => {
    const copy = join(directory, `${holder}.json`)
    copyFileSync(join(state, 'proposal.json'), copy)
    await succeed('sign-root', '--yes', '--key', join(directory, holder), copy)
    return copy
  }
  return { directory, state, tree, run, succeed, signBy }
}

describe('a root with several holders', () => {
  it('is made, signed on several machines, renewed and rid of a lost key', async (t) => {
    const { directory, state, tree, run, succeed, signBy } = createCeremony(t)
    const holders = ['ann', 'bob', 'cecil']
    const ids: unknown[] = []
    for (const holder of holders) {
      ids.push((await succeed('key', join(directory, holder)))['keyId'])
    }
    const publicKeys = holders.flatMap((holder) => ['--root-key', join(directory, `${holder}.pub`)])
    await succeed('init', '--state', state, '--name', 'demo', '--threshold', '2', ...publicKeys)
    const early = await run('publish', '--state', state, '--tree', tree)
    assert.equal(early.code, 3)
    assert.match(early.stderr, /repo sign-root/)

    const lacking = await run('apply-root', '--state', state, await signBy('ann'))
    assert.equal(lacking.code, 1)
    assert.match(lacking.stdout, /1 of 2 of the proposed root: 1 more of/)
    const applied = await succeed('apply-root', '--state', state, await signBy('cecil'))
    assert.equal(applied['applied'], true)
    assert.equal((await run('publish', '--state', state, '--tree', tree)).code, 0)

    // Bob's key is lost: the others agree on a root without it, and a new timestamp key.
    await succeed('rotate', '--state', state, '--role', 'timestamp')
    await succeed('revoke', '--state', state, String(ids[1]))
    const copies = [await signBy('ann'), await signBy('cecil')]
    await succeed('apply-root', '--state', state, '--tree', tree, ...copies)
    const keys = await run('keys', '--state', state)
    assert.ok(!keys.stdout.includes(String(ids[1])))
    assert.match(keys.stdout, /^root 2 of demo, repository ([0-9a-f]{4} ){4}/)

    const node = TrustedRepository.create(
      String(applied['id']),
      readFileSync(join(tree, '.jarswarm/roots/1.root.json')),
    )
    const manifest = readFileSync(join(tree, '.jarswarm/manifest'))
    assert.equal(node.accept(manifest, Date.now()), 'newer')
    assert.equal(node.rootNumber, 2)
  })
})

describe('jarswarm repo init', () => {
  it('makes root keys under a passphrase', async (t) => {
    const { directory, state, succeed, run } = createCeremony(t)
    const file = join(directory, 'passphrase')
    writeFileSync(file, 'another good passphrase\nnot this line', { mode: 0o600 })
    const flags = ['--state', state, '--name', 'demo', '--root-keys', '3']
    await succeed('init', ...flags, '--passphrase-file', file)
    const names = readdirSync(join(state, 'keys'))
    assert.deepEqual(names.toSorted(), [
      'publisher.pem',
      'root-1.pem',
      'root-2.pem',
      'root-3.pem',
      'timestamp.pem',
    ])
    const pem = readFileSync(join(state, 'keys/root-1.pem'), 'utf8')
    assert.ok(isEncryptedKey(pem))
    assert.ok(createSigner(pem, 'another good passphrase'))
    const { stdout } = await run('keys', '--state', state)
    assert.match(stdout, /root +2 of /)
  })

  it('says where the root key is, and that it belongs elsewhere', async (t) => {
    const { state, run } = createCeremony(t)
    const { stdout } = await run('init', '--state', state, '--name', 'demo')
    assert.match(stdout, /keys\/root\.pem: publishing does not need it, move it offline now/)
  })

  it('refuses counts that cannot be meant', async (t) => {
    const { directory, state, run } = createCeremony(t)
    const init = ['init', '--state', state, '--name', 'demo']
    for (const flags of [
      ['--root-keys', '0'],
      ['--root-keys', '100'],
      ['--root-keys', '2', '--threshold', '3'],
      ['--threshold', '1'],
      ['--root-keys', '2', '--root-key', join(directory, 'x.pub')],
    ]) {
      assert.equal((await run(...init, ...flags)).code, 2, flags.join(' '))
    }
  })
})

describe('jarswarm repo sign-root', () => {
  it('shows what changes, and signs nothing without a yes', async (t) => {
    const { state, run, succeed } = createCeremony(t)
    await succeed('init', '--state', state, '--name', 'demo')
    await succeed('rotate', '--state', state, '--role', 'publisher')
    const proposal = join(state, 'proposal.json')
    const before = readFileSync(proposal)
    const key = join(state, 'keys/root.pem')
    const asked = await run('sign-root', '--key', key, proposal)
    assert.equal(asked.code, 2)
    assert.match(asked.stderr, /\* targets .*\(was: 1 of /)
    assert.match(asked.stderr, /--yes is wanted/)
    assert.deepEqual(readFileSync(proposal), before)
    const online = join(state, 'keys/timestamp.pem')
    const stranger = await run('sign-root', '--yes', '--key', online, proposal)
    assert.equal(stranger.code, 1)
    assert.match(stranger.stderr, /wanted a root key/)
    assert.deepEqual(readFileSync(proposal), before)
  })

  it('needs the passphrase of an encrypted key', async (t) => {
    const { state, run, succeed } = createCeremony(t)
    await succeed('init', '--state', state, '--name', 'demo', '--root-keys', '1')
    await succeed('rotate', '--state', state, '--role', 'root')
    const args = ['repo', 'sign-root', '--yes', '--key', join(state, 'keys/root.pem')]
    args.push(join(state, 'proposal.json'))
    assert.equal((await runJarswarm(args)).code, 2)
    const wrong = await runJarswarm(args, { env: { JARSWARM_PASSPHRASE: 'incorrect horse' } })
    assert.match(wrong.stderr, /passphrase does not open/)
    assert.equal(wrong.code, 1)
    assert.equal((await run(...args.slice(1))).code, 0)
  })

  it('uses no key, and no passphrase, that others can read', async (t) => {
    const { directory, state, run, succeed } = createCeremony(t)
    await succeed('init', '--state', state, '--name', 'demo', '--root-keys', '1')
    await succeed('rotate', '--state', state, '--role', 'root')
    const file = join(directory, 'passphrase')
    writeFileSync(file, 'a passphrase', { mode: 0o644 })
    const args = ['sign-root', '--yes', '--key', join(directory, 'root.pem')]
    args.push(join(state, 'proposal.json'), '--passphrase-file', file)
    copyFileSync(join(state, 'keys/root.pem'), join(directory, 'root.pem'))
    const passphrase = await run(...args)
    assert.equal(passphrase.code, 3)
    assert.match(passphrase.stderr, /passphrase: found mode 0644, wanted 0600.*run "chmod 600 /)
    chmodSync(join(directory, 'root.pem'), 0o640)
    const key = await run(...args)
    assert.equal(key.code, 3)
    assert.match(key.stderr, /root\.pem: found mode 0640, wanted 0600/)
  })
})

describe('jarswarm repo key', () => {
  it('makes a private file and a public one, and overwrites neither', async (t) => {
    const { directory, run } = createCeremony(t)
    const file = join(directory, 'me')
    assert.equal((await run('key', file)).code, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match(readFileSync(`${file}.pub`, 'utf8'), /BEGIN PUBLIC KEY/)
    assert.equal((await run('key', file)).code, 2)
  })

  it('refuses a short passphrase', async (t) => {
    const directory = temporaryDirectory(t)
    const short = { JARSWARM_PASSPHRASE: 'short' }
    const { code, stderr } = await runJarswarm(['repo', 'key', join(directory, 'k')], {
      env: short,
    })
    assert.equal(code, 2)
    assert.match(stderr, /at least 12/)
  })
})

describe('jarswarm repo bootstrap', () => {
  it('proposes a root with other peers', async (t) => {
    const { state, run, succeed } = createCeremony(t)
    const peer = '/ip4/192.0.2.1/tcp/4870/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
    await succeed('init', '--state', state, '--name', 'demo')
    assert.equal((await run('bootstrap', 'add', '--state', state, 'nobody')).code, 2)
    await succeed('bootstrap', 'add', '--state', state, peer)
    assert.deepEqual((await succeed('bootstrap', 'list', '--state', state))['bootstrap'], [])
    const proposal = join(state, 'proposal.json')
    await succeed('sign-root', '--yes', '--key', join(state, 'keys/root.pem'), proposal)
    const amended = await run('bootstrap', 'remove', '--state', state, peer)
    assert.equal(amended.code, 3)
    await succeed('apply-root', '--state', state)
    assert.deepEqual((await succeed('bootstrap', 'list', '--state', state))['bootstrap'], [peer])
  })
})

describe('jarswarm repo timestamp', () => {
  it('signs the published state anew', async (t) => {
    const { state, tree, run, succeed } = createCeremony(t)
    await succeed('init', '--state', state, '--name', 'demo')
    assert.equal((await run('timestamp', '--state', state, '--tree', tree)).code, 3)
    await succeed('publish', '--state', state, '--tree', tree)
    const before = readFileSync(join(tree, '.jarswarm/manifest'))
    assert.equal((await succeed('timestamp', '--state', state, '--tree', tree))['seq'], 1)
    assert.notDeepEqual(readFileSync(join(tree, '.jarswarm/manifest')), before)
  })
})
