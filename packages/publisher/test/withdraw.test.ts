import assert from 'node:assert/strict'
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseHead, readWithdrawals, sha256 } from '@jarswarm/manifest'
import { createSigner, parseManifest, RootProposal } from '@jarswarm/trust'
import {
  applyRoot,
  CorruptStateError,
  proposeWithdrawal,
  publishTree,
  readWithdrawn,
  StateMismatchError,
  WithdrawalLimitError,
  withdrawPaths,
} from '../src/index.ts'
import { readPublished } from './_reader.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const JAR = 'a/b/1.0/b-1.0.jar'
const POM = 'a/b/1.0/b-1.0.pom'
const SNAPSHOT = 'a/b/2.0-SNAPSHOT/b-2.0-SNAPSHOT.jar'
const MALWARE = 'malware: steals keys'
const DAY_MS = 86_400_000

const places = ({ stateDir, treeDir }: TestRepository) => ({ stateDir, treeDir, nowMs: START_MS })

/** The list that the published head names, read from the tree alone. */
async function readListed(treeDir: string) {
  const at = (...names: string[]) => readFile(join(treeDir, '.jarswarm', ...names))
  const head = parseHead(parseManifest(await at('manifest')).head)
  return await readWithdrawals(head.withdrawn, (digest) =>
    at('objects', digest.slice(0, 2), digest),
  )
}

describe('withdrawPaths', () => {
  it('takes a file out of the index, and says why for good', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'evil')
    await repository.write(POM, 'pom')
    await publishTree(places(repository))
    const report = await withdrawPaths({
      ...places(repository),
      paths: [JAR, 'a/none.jar'],
      reason: MALWARE,
    })
    const digest = sha256(Buffer.from('evil'))
    assert.deepEqual(report, {
      seq: 2,
      withdrawn: [{ path: JAR, digest }],
      already: [],
      unknown: ['a/none.jar'],
    })
    const read = await readPublished(repository.treeDir)
    assert.deepEqual([...(read?.files.keys() ?? [])], [POM])
    assert.equal(read?.history.at(-1), `1 2 del ${digest} 4 ${JAR} ${MALWARE}`)
    const issuedSeconds = START_MS / 1000
    const withdrawal = { path: JAR, digest, seq: 2, issuedSeconds, reason: MALWARE }
    assert.deepEqual(await readListed(repository.treeDir), [withdrawal])
    assert.deepEqual(await readWithdrawn(repository.stateDir), [withdrawal])
    const again = await withdrawPaths({ ...places(repository), paths: [JAR], reason: 'legal' })
    assert.deepEqual([again.seq, again.already, again.withdrawn], [2, [JAR], []])
  })

  it('is not undone by the next publish, which says that the file still stands there', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'evil')
    await repository.write(POM, 'pom')
    await publishTree(places(repository))
    await withdrawPaths({ ...places(repository), paths: [JAR], reason: MALWARE })
    const report = await publishTree(places(repository))
    assert.deepEqual([report.seq, report.files], [2, 1])
    assert.match(
      report.withdrawn[0]?.reason ?? '',
      /^withdrawn on .*, malware: steals keys: remove/,
    )
    await repository.write(JAR, 'other')
    const changed = await publishTree(places(repository))
    assert.deepEqual([changed.seq, changed.withdrawn.length], [2, 1])
    await repository.remove(JAR)
    assert.deepEqual((await publishTree(places(repository))).withdrawn, [])
  })

  it('is undone by a restore, with the bytes that were released and no others', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'good')
    await repository.write(POM, 'pom')
    await publishTree(places(repository))
    await withdrawPaths({ ...places(repository), paths: [JAR], reason: 'legal' })
    await repository.write(JAR, 'other')
    const refused = await publishTree({ ...places(repository), restore: [JAR] })
    assert.deepEqual(
      refused.refused.map(({ path, recorded, found }) => [path, recorded, found]),
      [[JAR, sha256(Buffer.from('good')), sha256(Buffer.from('other'))]],
    )
    assert.equal(refused.files, 1)
    await repository.write(JAR, 'good')
    const restored = await publishTree({ ...places(repository), restore: [JAR] })
    assert.deepEqual([restored.added, restored.files, restored.refused], [1, 2, []])
    assert.deepEqual(await readListed(repository.treeDir), [])
    await readPublished(repository.treeDir)
  })

  it('removes the published copy of a mutable file at once, and lets other bytes come back', async (t) => {
    const repository = await createRepository(t)
    await repository.write(SNAPSHOT, 'evil')
    await publishTree(places(repository))
    await withdrawPaths({
      ...places(repository),
      paths: ['a/b/2.0-SNAPSHOT/'],
      reason: 'credentials',
    })
    const digest = sha256(Buffer.from('evil'))
    const copy = join(repository.treeDir, '.jarswarm', 'blobs', digest.slice(0, 2), digest)
    await assert.rejects(access(copy))
    await repository.write(SNAPSHOT, 'good')
    const restored = await publishTree({ ...places(repository), restore: [SNAPSHOT] })
    assert.deepEqual([restored.added, restored.refused], [1, []])
  })

  it('withdraws a hundred files in a day, and one more only when the root allows just that', async (t) => {
    const repository = await createRepository(t)
    const { stateDir } = repository
    for (let n = 0; n < 101; n += 1) await repository.write(`a/f${String(n)}/1/f-1.jar`, String(n))
    await repository.write(POM, 'pom')
    await publishTree(places(repository))
    const options = { ...places(repository), reason: 'legal' }
    await assert.rejects(
      withdrawPaths({ ...options, paths: ['a/'] }),
      (error: Error) =>
        error instanceof WithdrawalLimitError && /found 102 files/.test(error.message),
    )
    assert.equal((await readPublished(repository.treeDir))?.seq, 1)
    const first = Array.from({ length: 99 }, (_, n) => `a/f${String(n)}/1/f-1.jar`)
    await withdrawPaths({ ...options, paths: first })
    await withdrawPaths({ ...options, paths: ['a/f99/'] })
    await assert.rejects(withdrawPaths({ ...options, paths: ['a/f100/'] }), WithdrawalLimitError)

    const proposed = await proposeWithdrawal({ ...options, paths: ['a/f100/', 'a/none/'] })
    assert.deepEqual([proposed.files, proposed.unknown], [1, ['a/none/']])
    assert.equal(sha256(await readFile(proposed.listFile)), proposed.batch)
    assert.deepEqual(proposed.proposal.proposed.withdrawals, [proposed.batch])
    const key = createSigner(await readFile(join(stateDir, 'keys', 'root.pem'), 'utf8'))
    const signed = RootProposal.parse(proposed.proposal.format()).sign(key)
    await applyRoot({ stateDir, proposals: [signed.format()] })
    // Another reason is another batch.
    await assert.rejects(
      withdrawPaths({ ...options, reason: 'malware', paths: ['a/f100/'] }),
      WithdrawalLimitError,
    )
    const report = await withdrawPaths({ ...options, paths: ['a/f100/'] })
    assert.equal(report.withdrawn.length, 1)
    await assert.rejects(withdrawPaths({ ...options, paths: [POM] }), WithdrawalLimitError)
    const tomorrow = START_MS + DAY_MS
    await withdrawPaths({ ...options, paths: [POM], nowMs: tomorrow })
    assert.equal((await readListed(repository.treeDir)).length, 102)
  })

  it('refuses a reason that cannot stand in the history, and a repository without publish', async (t) => {
    const repository = await createRepository(t)
    const options = { ...places(repository), paths: [JAR], reason: 'a\nb' }
    await assert.rejects(withdrawPaths(options), TypeError)
    await assert.rejects(proposeWithdrawal(options), TypeError)
    await assert.rejects(withdrawPaths({ ...options, reason: 'legal' }), StateMismatchError)
    await repository.write(JAR, 'jar')
    await publishTree(places(repository))
    await assert.rejects(
      proposeWithdrawal({ ...options, reason: 'legal', paths: ['a/none'] }),
      StateMismatchError,
    )
  })

  it('does not go on from a state whose list is not that of its head', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'evil')
    await publishTree(places(repository))
    await withdrawPaths({ ...places(repository), paths: [JAR], reason: MALWARE })
    const file = join(repository.stateDir, 'states', '2', 'state.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('steals', 'sends'))
    await assert.rejects(publishTree(places(repository)), CorruptStateError)
  })
})
