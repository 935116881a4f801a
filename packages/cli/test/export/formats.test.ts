import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SaxesParser } from 'saxes'
import { gradleVerification } from '../../src/export/gradle-verification.ts'
import { formatLock, parseLock } from '../../src/export/lock-file.ts'
import { mavenChecksums } from '../../src/export/maven-checksums.ts'
import { planMaven } from '../../src/setup/maven.ts'
import { STAND_INS } from '../../src/setup/setup-plan.ts'
import type { SetupPlan } from '../../src/setup/setup-plan.ts'

const file = (path: string, repository = 'demo', digit = 'a') => ({
  path,
  sha256: digit.repeat(64),
  sha1: digit.repeat(40),
  size: 5,
  repository,
  seq: 7,
})
const JAR = file('org/example/a/1/a-1.jar')
const POM = file('org/example/a/1/a-1.pom', 'demo', 'b')
const LEFT_OUT = { missing: [], withdrawn: [], unsure: [], ambiguous: [] }
const OTHER = file('x/y/2/y-2-sources.jar', 'other', 'c')

describe('mavenChecksums', () => {
  it('writes lines as sha256sum does, a file for each repository by its id in the build', () => {
    const written = mavenChecksums([JAR, POM, OTHER], new Map([['demo', ['clojars']]]))
    assert.deepEqual(written, [
      {
        name: 'checksums-clojars.sha256',
        text: `${JAR.sha256}  ${JAR.path}\n${POM.sha256}  ${POM.path}\n`,
      },
      { name: 'checksums-other.sha256', text: `${OTHER.sha256}  ${OTHER.path}\n` },
      { name: 'checksums-jarswarm.sha256', text: `${OTHER.sha256}  ${OTHER.path}\n` },
    ])
    const [all, ...more] = mavenChecksums([JAR, OTHER], undefined)
    assert.deepEqual([all?.name, all?.text.split('\n').length, more], ['checksums.sha256', 3, []])
  })
})

describe('the ids of trusted checksums', () => {
  const namesOf = (repository: string): readonly string[] =>
    mavenChecksums([file('a/b', repository)], new Map()).map(({ name }) => name)

  it('are those that `setup maven` gives to the node, beside the name', () => {
    const { snippet } = planMaven({
      replacements: STAND_INS.map((as) => ({ as, url: 'http://127.0.0.1/', probe: '' })),
      ...{ certificate: undefined, home: '/', env: {} },
    })[0] as SetupPlan
    const ids = [...snippet.matchAll(/<repository>\s*<id>([^<]+)/g)].map(([, id]) => String(id))
    assert.deepEqual(ids, ['jarswarm', 'jarswarm-central'])
    for (const [at, name] of STAND_INS.entries()) {
      assert.deepEqual(
        namesOf(name),
        [name, ids[at]].map((id) => `checksums-${String(id)}.sha256`),
      )
    }
    assert.deepEqual(namesOf('mine'), ['checksums-mine.sha256', 'checksums-jarswarm.sha256'])
  })
})

describe('gradleVerification', () => {
  it('writes what an XML parser reads as components with their artifacts', () => {
    const odd = file(`org/example/q/1/q-1-"<&'>.jar`, 'demo', 'd')
    const xml = gradleVerification([JAR, POM, OTHER, odd, file('archetype-catalog.xml')])
    const seen: string[] = []
    const parser = new SaxesParser({ xmlns: false })
    parser.on('opentag', ({ name, attributes }) => {
      seen.push([name, ...Object.values(attributes)].join(' '))
    })
    parser.on('text', (text) => {
      if (text.trim() !== '') seen.push(text)
    })
    parser.write(xml).close()
    const namespace = 'https://schema.gradle.org/dependency-verification'
    assert.match(seen[0] ?? '', new RegExp(`^verification-metadata ${namespace} `))
    assert.deepEqual(seen.slice(1), [
      'configuration',
      'verify-metadata',
      'true',
      'verify-signatures',
      'false',
      'components',
      'component org.example a 1',
      'artifact a-1.jar',
      `sha256 ${JAR.sha256} jarswarm demo, head 7`,
      'artifact a-1.pom',
      `sha256 ${POM.sha256} jarswarm demo, head 7`,
      'component x y 2',
      'artifact y-2-sources.jar',
      `sha256 ${OTHER.sha256} jarswarm other, head 7`,
      'component org.example q 1',
      `artifact q-1-"<&'>.jar`,
      `sha256 ${odd.sha256} jarswarm demo, head 7`,
    ])
  })
})

describe('a lockfile', () => {
  const repositories = [{ name: 'demo', id: 'f'.repeat(64), seq: 7, observed: null }]

  it('is read as it was written', () => {
    const list = { repositories, files: [JAR, POM], ...LEFT_OUT, missing: ['a/b'] }
    const text = formatLock('closure', list)
    assert.deepEqual(parseLock(text, 'lock'), {
      artifacts: [JAR, POM],
      ids: new Map([['demo', 'f'.repeat(64)]]),
    })
    assert.deepEqual((JSON.parse(text) as { missing: unknown }).missing, ['a/b'])
    assert.equal((JSON.parse(text) as { from: string }).from, 'closure')
  })

  it('is refused when it is something else', () => {
    const list = { repositories, files: [JAR], ...LEFT_OUT }
    const good = JSON.parse(formatLock('cache', list)) as {
      artifacts: object[]
    }
    for (const wrong of [
      'x',
      'null',
      '{}',
      JSON.stringify({ ...good, repositories: [{ name: 'demo' }] }),
      JSON.stringify({ ...good, format: 'jarswarm lock 2' }),
      JSON.stringify({ ...good, artifacts: [{ ...JAR, path: '../a' }] }),
      JSON.stringify({ ...good, artifacts: [{ ...JAR, sha256: 'A'.repeat(64) }] }),
      JSON.stringify({ ...good, artifacts: [{ ...JAR, size: '5' }] }),
    ]) {
      assert.throws(() => parseLock(wrong, 'lock'), /Cannot read lock/)
    }
  })
})
