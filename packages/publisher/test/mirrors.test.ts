import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { InvalidManifestError, manifestMirrors, manifestVersions } from '@jarswarm/trust'
import {
  changeMirrors,
  publishTree,
  readMirrors,
  resignTimestamp,
  StateMismatchError,
} from '../src/index.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const JAR = 'org/example/a/1/a-1.jar'

function places({ stateDir, treeDir }: TestRepository): { stateDir: string; treeDir: string } {
  return { stateDir, treeDir }
}

function published({ treeDir }: TestRepository): Promise<Buffer> {
  return readFile(join(treeDir, '.jarswarm/manifest'))
}

describe('changeMirrors', () => {
  it('signs a list over the same head, in one form and order', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'a')
    await publishTree(repository)
    const add = ['HTTPS://b.example', 'https://a.example/maven', 'https://b.example/']
    const signed = await changeMirrors({ ...places(repository), add })
    const mirrors = ['https://a.example/maven/', 'https://b.example/']
    assert.deepEqual(signed, { mirrors, seq: 1, changed: true })
    const manifest = await published(repository)
    assert.deepEqual(manifestMirrors(manifest), mirrors)
    assert.deepEqual(manifestVersions(manifest), { timestamp: 2, snapshot: 2, targets: 2 })
    assert.deepEqual(await readMirrors(repository.stateDir), mirrors)
  })

  it('signs nothing without a change', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'a')
    await publishTree(repository)
    await changeMirrors({ ...places(repository), add: ['https://a.example/'] })
    const before = await published(repository)
    const again = await changeMirrors({
      ...places(repository),
      add: ['https://a.example'],
      remove: ['https://other.example/'],
    })
    assert.equal(again.changed, false)
    assert.deepEqual(await published(repository), before)
  })

  it('keeps the list when the tree is published, and when the timestamp is signed anew', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'a')
    await publishTree({ ...repository, nowMs: START_MS })
    await changeMirrors({ ...places(repository), add: ['https://a.example/'], nowMs: START_MS })
    await repository.write('org/example/b/1/b-1.jar', 'b')
    assert.equal((await publishTree({ ...repository, nowMs: START_MS })).seq, 2)
    assert.deepEqual(manifestMirrors(await published(repository)), ['https://a.example/'])
    await resignTimestamp({ ...repository, nowMs: START_MS })
    assert.deepEqual(manifestMirrors(await published(repository)), ['https://a.example/'])
    const { mirrors } = await changeMirrors({
      ...places(repository),
      remove: ['https://a.example'],
    })
    assert.deepEqual(mirrors, [])
    assert.deepEqual(manifestMirrors(await published(repository)), [])
  })

  it('is durable before it is seen: a change that was cut off is completed', async (t) => {
    const repository = await createRepository(t)
    await repository.write(JAR, 'a')
    await publishTree(repository)
    const before = await published(repository)
    await changeMirrors({ ...places(repository), add: ['https://a.example/'] })
    // As if the process had been killed before the tree got the manifest.
    await writeFile(join(repository.treeDir, '.jarswarm/manifest'), before)
    const again = await changeMirrors({ ...places(repository), add: ['https://a.example/'] })
    assert.equal(again.changed, false)
    assert.deepEqual(manifestMirrors(await published(repository)), ['https://a.example/'])
  })

  it('refuses what is no base URL, a list that is too long, and a repository without a head', async (t) => {
    const repository = await createRepository(t)
    await assert.rejects(
      changeMirrors({ ...places(repository), add: ['https://a.example/'] }),
      StateMismatchError,
    )
    await assert.rejects(readMirrors(repository.stateDir), StateMismatchError)
    await repository.write(JAR, 'a')
    await publishTree(repository)
    for (const url of ['ftp://a.example/', 'https://u:p@a.example/', 'https://a.example/?q']) {
      await assert.rejects(changeMirrors({ ...places(repository), add: [url] }), TypeError)
    }
    const add = Array.from({ length: 33 }, (_, at) => `https://m${String(at)}.example/`)
    await assert.rejects(changeMirrors({ ...places(repository), add }), InvalidManifestError)
    assert.deepEqual(await readMirrors(repository.stateDir), [])
  })
})
