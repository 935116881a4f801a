import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { follow, writeArtifact } from './_followed.ts'
import type { Followed } from './_followed.ts'
import { runJarswarm } from './_jarswarm.ts'

const LIB = 'org/example/lib/1/lib-1'
const BASE = 'org/example/base/2/base-2'
const PARENT = 'org/example/parent/3/parent-3.pom'
const SNAPSHOT = 'org/example/s/1-SNAPSHOT/s-1-SNAPSHOT.jar'

const pom = (id: string, rest = ''): string => {
  const [artifact, version] = id.split(':')
  return (
    `<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>` +
    `<artifactId>${artifact ?? ''}</artifactId><version>${version ?? ''}</version>${rest}</project>`
  )
}

const dependency = (id: string): string => {
  const [artifact, version] = id.split(':')
  return (
    `<dependencies><dependency><groupId>org.example</groupId>` +
    `<artifactId>${artifact ?? ''}</artifactId><version>${version ?? ''}</version></dependency></dependencies>`
  )
}

const PARENT_OF_LIB =
  '<parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>3</version></parent>'

const FILES = {
  [`${LIB}.pom`]: pom('lib:1', PARENT_OF_LIB + dependency('base:2')),
  [`${LIB}.jar`]: 'lib',
  [PARENT]: pom('parent:3', '<packaging>pom</packaging>'),
  [`${BASE}.pom`]: pom('base:2'),
  [`${BASE}.module`]: '{}',
  [`${BASE}.jar`]: 'base',
  [SNAPSHOT]: 'yesterday',
}
const CLOSURE = [`${BASE}.jar`, `${BASE}.module`, `${BASE}.pom`, `${LIB}.jar`, `${LIB}.pom`, PARENT]

interface Lock {
  readonly from: string
  readonly repositories: { readonly name: string; readonly seq: number }[]
  readonly artifacts: { readonly path: string; readonly sha256: string; readonly size: number }[]
  readonly missing: string[]
}

async function inProject(t: TestContext): Promise<Followed & { at: (name: string) => string }> {
  const followed = await follow(t, FILES)
  return { ...followed, at: (name) => join(followed.directory, name) }
}

describe('jarswarm lock and export', () => {
  it('lock the closure of project files by signed digests, and check that', async (t) => {
    const { data, at } = await inProject(t)
    writeFileSync(at('deps.edn'), '{:deps {org.example/lib {:mvn/version "1"}}}')
    writeFileSync(at('project.clj'), '(defproject p "1" :dependencies [[org.example/lib "1"]])')
    writeFileSync(at('pom.xml'), pom('app:9', dependency('lib:1')))
    const lock = await runJarswarm(['lock', at('deps.edn'), ...data, '-o', at('lock.json')])
    assert.equal(lock.code, 0, lock.stderr)
    const written = JSON.parse(readFileSync(at('lock.json'), 'utf8')) as Lock
    assert.deepEqual(paths(written), CLOSURE)
    assert.deepEqual([written.from, written.missing], ['closure', []])
    const jar = written.artifacts.find(({ path }) => path === `${LIB}.jar`)
    assert.equal(jar?.sha256, createHash('sha256').update('lib').digest('hex'))
    for (const project of ['project.clj', 'pom.xml']) {
      const { stdout } = await runJarswarm(['lock', at(project), ...data])
      assert.deepEqual(paths(JSON.parse(stdout) as Lock), CLOSURE, project)
    }
    assert.equal((await runJarswarm(['lock', '--check', at('lock.json'), ...data])).code, 0)
    const forged = { ...written, artifacts: written.artifacts.map((one) => ({ ...one, size: 1 })) }
    writeFileSync(at('lock.json'), JSON.stringify(forged))
    const checked = await runJarswarm(['lock', '--check', at('lock.json'), ...data])
    assert.equal(checked.code, 1)
    assert.match(checked.stdout, /^6 files: 0 as signed/m)
  })

  it('say what is not signed, and tell a superseded file from one that never was', async (t) => {
    const { data, at, tree, publish } = await inProject(t)
    writeFileSync(at('tree.txt'), 'org.example/lib 1\n  . org.central/none 1\n')
    const lock = await runJarswarm(['lock', '--from', at('tree.txt'), ...data])
    assert.equal(lock.code, 1)
    assert.match(lock.stderr, /^not signed: org\/central\/none\/1\/none-1\.jar: no followed/m)
    const allowed = ['lock', '--from', at('tree.txt'), '--allow-missing', ...data]
    assert.equal((await runJarswarm(allowed)).code, 0)
    const cached = await runJarswarm(['lock', '--from-cache', tree, ...data, '-o', at('lock.json')])
    assert.equal(cached.code, 0, cached.stderr)
    writeArtifact(tree, SNAPSHOT, 'today, and longer')
    await publish()
    const checked = await runJarswarm(['lock', '--check', at('lock.json'), ...data, '--json'])
    assert.equal(checked.code, 1)
    const { same, older, changed } = JSON.parse(checked.stdout) as Record<string, number>
    assert.deepEqual([same, older, changed], [6, 1, 0])
  })

  it('write what Maven and Gradle check', async (t) => {
    const { data, at, tree } = await inProject(t)
    const maven = ['export', 'maven-checksums', '--from-cache', tree, '--id', 'demo=clojars']
    const wrote = await runJarswarm([...maven, '-o', at('sums'), ...data])
    assert.equal(wrote.code, 0, wrote.stderr)
    assert.match(wrote.stdout, /summaryFile\.basedir=/)
    const lines = readFileSync(at('sums/checksums-clojars.sha256'), 'utf8').trimEnd().split('\n')
    for (const line of lines) {
      const [digest, path = ''] = line.split('  ')
      assert.equal(
        createHash('sha256')
          .update(readFileSync(join(tree, path)))
          .digest('hex'),
        digest,
      )
    }
    assert.equal(lines.length, Object.keys(FILES).length)
    const gradle = ['export', 'gradle-verification', '--from-cache', tree, ...data]
    assert.match((await runJarswarm(gradle)).stdout, /<component group="org.example" name="base"/)
    const none = await runJarswarm(['export', 'gradle-verification', ...data])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /which files are wanted/)
  })
})

function paths({ artifacts }: Lock): readonly string[] {
  return artifacts.map(({ path }) => path)
}
