import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  createSigner,
  generateKeyPair,
  InvalidRootError,
  keyIdOf,
  RootProposal,
} from '@jarswarm/trust'
import type { KeyPair } from '@jarswarm/trust'
import {
  applyRoot,
  initRepository,
  prepareRepository,
  ProposalUnderWayError,
  proposeRoot,
  publishTree,
  readPublishedLink,
  readRootState,
  resignTimestamp,
  StateDirectoryError,
  StateMismatchError,
} from '../src/index.ts'
import type { RootChange } from '../src/index.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'
import { manifestOf, published, sign } from './_published.ts'

const HOUR_MS = 3_600_000

async function apply(repository: TestRepository, change: RootChange, key: KeyPair): Promise<void> {
  await proposeRoot({ stateDir: repository.stateDir, change, nowMs: START_MS })
  const signed = await sign(repository.stateDir, key)
  const { applied } = await applyRoot({ stateDir: repository.stateDir, proposals: [signed] })
  assert.ok(applied)
}

describe('a repository whose root keys were made elsewhere', () => {
  const [ann, bob, cecil] = [generateKeyPair(), generateKeyPair(), generateKeyPair()]
  const rootKeys = {
    publicKeys: [ann.publicKey, bob.publicKey, cecil.publicKey],
    threshold: 2,
  }

  it('gets its identity once enough holders signed, in any number of steps', async (t) => {
    const { root, treeDir, write } = await createRepository(t)
    const stateDir = join(root, 'state2')
    await prepareRepository({ stateDir, name: 'test', rootKeys, nowMs: START_MS })
    await assert.rejects(readPublishedLink(stateDir), StateDirectoryError)
    await write('a/b/1/b-1.jar', 'x')
    await assert.rejects(publishTree({ stateDir, treeDir }), /have it signed with "repo sign-root/)

    const [byAnn, byCecil] = [await sign(stateDir, ann), await sign(stateDir, cecil)]
    const first = await applyRoot({ stateDir, proposals: [byAnn] })
    assert.deepEqual([first.applied, first.id], [false, undefined])
    const second = await applyRoot({ stateDir, proposals: [byCecil] })
    assert.ok(second.applied)
    assert.equal((await readPublishedLink(stateDir)).id, second.id)
    assert.equal((await publishTree({ stateDir, treeDir })).seq, 1)
    const again = await applyRoot({ stateDir, proposals: [byAnn] })
    assert.deepEqual([again.already, again.id], [true, second.id])
  })

  it('is not prepared with a threshold that nobody can reach', async (t) => {
    const { root } = await createRepository(t)
    for (const threshold of [0, 4]) {
      await assert.rejects(
        prepareRepository({
          stateDir: join(root, 'bad'),
          name: 'test',
          rootKeys: { ...rootKeys, threshold },
        }),
        InvalidRootError,
      )
    }
  })
})

describe('a repository with several root keys of its own', () => {
  it('keeps each under the passphrase, and is followed by two of three', async (t) => {
    const { root } = await createRepository(t)
    const stateDir = join(root, 'several')
    const passphrase = 'three of us, two suffice'
    await initRepository({
      stateDir,
      name: 'test',
      rootKeys: { count: 3, threshold: 2, passphrase },
    })
    const pems = await Promise.all(
      [1, 2, 3].map((number) =>
        readFile(join(stateDir, `keys/root-${String(number)}.pem`), 'utf8'),
      ),
    )
    assert.equal(new Set(pems.map((pem) => createSigner(pem, passphrase).publicKey)).size, 3)
    await proposeRoot({ stateDir, change: {} })
    const [first, second] = pems.map((pem) => createSigner(pem, passphrase))
    assert.ok(first && second)
    const pending = RootProposal.parse(await readFile(join(stateDir, 'proposal.json')))
    assert.ok(!pending.sign(first).isComplete)
    const proposals = [pending.sign(first), pending.sign(second)].map((copy) => copy.format())
    assert.ok((await applyRoot({ stateDir, proposals })).applied)
  })
})

describe('the next root', () => {
  for (const use of ['publisher', 'timestamp'] as const) {
    it(`gives the ${use} role a new key, and nodes follow`, async (t) => {
      const { repository, key, node } = await published(t)
      await apply(repository, { rotate: [use] }, key)
      await resignTimestamp({ ...repository, nowMs: START_MS + HOUR_MS })
      assert.equal(node.accept(await manifestOf(repository), START_MS), 'newer')
      assert.deepEqual([node.rootNumber, node.head?.seq], [2, 1])
      const names = await readdir(join(repository.stateDir, 'keys'))
      assert.ok(!names.includes(`${use}.pem`), 'the key that nobody trusts any more is gone')
      assert.equal(names.length, 3)
      await repository.write('a/b/2/b-2.jar', 'y')
      assert.equal((await publishTree({ ...repository, nowMs: START_MS + HOUR_MS })).seq, 2)
      assert.equal(node.accept(await manifestOf(repository), START_MS), 'newer')
    })
  }

  it('is published by the next publish, although nothing changed', async (t) => {
    const { repository, key, node } = await published(t)
    await apply(repository, { rotate: ['publisher', 'timestamp'] }, key)
    await publishTree({ ...repository, nowMs: START_MS })
    assert.equal(node.accept(await manifestOf(repository), START_MS), 'newer')
    assert.equal(node.rootNumber, 2)
  })

  it('ends what a thief of the online keys published', async (t) => {
    const { repository, key, node } = await published(t)
    await cp(repository.root, `${repository.root}.stolen`, { recursive: true })
    t.after(() => rm(`${repository.root}.stolen`, { recursive: true }))
    const stolen = {
      stateDir: join(`${repository.root}.stolen`, 'state'),
      treeDir: join(`${repository.root}.stolen`, 'tree'),
    }
    for (const content of ['1', '2', '3']) {
      await writeFile(join(stolen.treeDir, `a/b/1/maven-metadata.xml`), content)
      await publishTree({ ...stolen, nowMs: START_MS })
    }
    const evil = await readFile(join(stolen.treeDir, '.jarswarm/manifest'))
    node.accept(evil, START_MS)
    assert.equal(node.head?.seq, 4)
    await writeFile(join(repository.treeDir, '.jarswarm/manifest'), evil)
    await assert.rejects(publishTree({ ...repository, nowMs: START_MS }), StateMismatchError)

    await apply(repository, { rotate: ['publisher', 'timestamp'] }, key)
    await publishTree({ ...repository, nowMs: START_MS })
    assert.equal(node.accept(await manifestOf(repository), START_MS), 'newer')
    assert.equal(node.head.seq, 1)
    assert.throws(() => node.accept(evil, START_MS))
  })

  it('drops a stolen online key, and makes another', async (t) => {
    const { repository, key } = await published(t)
    const { current } = await readRootState(repository.stateDir)
    const [stolen] = current?.roles.timestamp.publicKeys ?? []
    assert.ok(stolen)
    await apply(repository, { revoke: [stolen] }, key)
    const { current: after } = await readRootState(repository.stateDir)
    assert.ok(current && after)
    assert.ok(!after.roles.timestamp.publicKeys.includes(stolen))
    assert.deepEqual(after.roles.targets, current.roles.targets)
  })

  it('replaces a lost root key', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    const [spare, other] = [generateKeyPair(), generateKeyPair()]
    const change = { addRootKeys: [spare.publicKey, other.publicKey], rootThreshold: 2 }
    await proposeRoot({ stateDir, change })
    const first = await applyRoot({ stateDir, proposals: [await sign(stateDir, key, spare)] })
    assert.ok(first.applied)
    await proposeRoot({ stateDir, change: { revoke: [key.publicKey] } })
    const second = await applyRoot({ stateDir, proposals: [await sign(stateDir, spare, other)] })
    assert.deepEqual(
      [second.applied, second.proposal.proposed.roles.root.publicKeys],
      [true, [spare.publicKey, other.publicKey]],
    )
  })

  it('names other bootstrap peers', async (t) => {
    const { repository, key } = await published(t)
    const peer = '/ip4/192.0.2.1/tcp/4870/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
    await apply(repository, { addBootstrap: [peer] }, key)
    assert.ok(
      (await readPublishedLink(repository.stateDir)).link.includes(encodeURIComponent(peer)),
    )
    await apply(repository, { removeBootstrap: [peer] }, key)
    assert.ok(!(await readPublishedLink(repository.stateDir)).link.includes('peer='))
    await assert.rejects(
      proposeRoot({ stateDir: repository.stateDir, change: { removeBootstrap: [peer] } }),
      InvalidRootError,
    )
  })

  it('refuses to leave fewer root keys than must sign, and to revoke strangers', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    const revoked = proposeRoot({ stateDir, change: { revoke: [key.publicKey] } })
    await assert.rejects(revoked, /found 0 root keys left/)
    const stranger = generateKeyPair().publicKey
    await assert.rejects(
      proposeRoot({ stateDir, change: { revoke: [stranger] } }),
      InvalidRootError,
    )
  })

  it('is changed further until somebody signed it', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    await proposeRoot({ stateDir, change: { rotate: ['timestamp'] } })
    const both = await proposeRoot({ stateDir, change: { rotate: ['publisher'] } })
    const { current } = await readRootState(stateDir)
    assert.notDeepEqual(both.proposed.roles.timestamp, current?.roles.timestamp)
    assert.notDeepEqual(both.proposed.roles.targets, current?.roles.targets)

    await writeFile(join(stateDir, 'proposal.json'), await sign(stateDir, key))
    await assert.rejects(proposeRoot({ stateDir, change: {} }), ProposalUnderWayError)
    const anew = await proposeRoot({ stateDir, change: {}, replace: true })
    assert.deepEqual(anew.proposed.roles, current?.roles)
  })

  it('is not applied without the signatures of both roots, and keeps those that came', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    const other = generateKeyPair()
    const change = { addRootKeys: [other.publicKey], revoke: [key.publicKey] }
    await proposeRoot({ stateDir, change })
    const mine = await sign(stateDir, key)
    const theirs = await sign(stateDir, other)
    assert.ok(!(await applyRoot({ stateDir, proposals: [] })).applied)
    assert.ok(!(await applyRoot({ stateDir, proposals: [theirs] })).applied)
    assert.equal((await readRootState(stateDir)).current?.number, 1)
    assert.ok((await applyRoot({ stateDir, proposals: [mine] })).applied)
    await proposeRoot({ stateDir, change: {} })
    await assert.rejects(applyRoot({ stateDir, proposals: [mine] }), StateMismatchError)
  })

  it('is the one of this repository', async (t) => {
    const { repository, key } = await published(t)
    const { repository: other } = await published(t)
    await proposeRoot({ stateDir: other.stateDir, change: {} })
    const foreign = await readFile(join(other.stateDir, 'proposal.json'))
    const { stateDir } = repository
    await assert.rejects(applyRoot({ stateDir, proposals: [foreign] }), StateMismatchError)
    await assert.rejects(applyRoot({ stateDir, proposals: [] }), StateMismatchError)
    await apply(repository, {}, key)
    assert.equal((await readRootState(stateDir)).current?.number, 2)
  })

  it('goes on after being cut off between the root and the removal of its proposal', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    await proposeRoot({ stateDir, change: { rotate: ['timestamp'] } })
    const signed = await sign(stateDir, key)
    await writeFile(join(stateDir, 'proposal.json'), signed)
    await writeFile(join(stateDir, 'roots/2.root.json'), RootProposal.parse(signed).root)
    assert.equal((await readRootState(stateDir)).pending, undefined)
    await publishTree({ ...repository, nowMs: START_MS })
    const next = await proposeRoot({ stateDir, change: {} })
    assert.equal(next.number, 3)
    const [named] = next.proposed.roles.timestamp.publicKeys
    const names = await readdir(join(stateDir, 'keys'))
    assert.ok(names.includes(`timestamp-${keyIdOf(named ?? '').slice(0, 16)}.pem`))
  })
})
