import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  isBookkeeping,
  isMutablePath,
  isPath,
  parseCoordinates,
  parsePath,
  pomOf,
  projectOf,
  sidecarOf,
} from '../src/index.ts'

const CLJ = 'org/clojure/clojure/1.12.0/clojure-1.12.0'
const SNAP = 'g/h/a/1.0-SNAPSHOT'

describe('parseCoordinates', () => {
  const cases: Record<
    string,
    [string, string, string, string | undefined, string | undefined, string] | undefined
  > = {
    [`${CLJ}.jar`]: ['org.clojure', 'clojure', '1.12.0', undefined, undefined, 'jar'],
    [`${CLJ}-sources.jar`]: ['org.clojure', 'clojure', '1.12.0', undefined, 'sources', 'jar'],
    [`${CLJ}.pom.asc`]: ['org.clojure', 'clojure', '1.12.0', undefined, undefined, 'pom.asc'],
    [`${CLJ}-sources.jar.asc.sha1`]: [
      'org.clojure',
      'clojure',
      '1.12.0',
      undefined,
      'sources',
      'jar.asc.sha1',
    ],
    [`${CLJ}-dist.tar.gz`]: ['org.clojure', 'clojure', '1.12.0', undefined, 'dist', 'tar.gz'],
    [`${CLJ}.tar.gz`]: ['org.clojure', 'clojure', '1.12.0', undefined, undefined, 'tar.gz'],
    [`${CLJ}-natives-1.8.jar`]: [
      'org.clojure',
      'clojure',
      '1.12.0',
      undefined,
      'natives-1.8',
      'jar',
    ],
    'org/clojure/data.xml/0.1/data.xml-0.1.jar': [
      'org.clojure',
      'data.xml',
      '0.1',
      undefined,
      undefined,
      'jar',
    ],
    'a/b/1.0~rc1+5/b-1.0~rc1+5.jar': ['a', 'b', '1.0~rc1+5', undefined, undefined, 'jar'],
    'a/b/2-debian/b-2-debian.jar': ['a', 'b', '2-debian', undefined, undefined, 'jar'],
    [`${SNAP}/a-1.0-SNAPSHOT.jar`]: ['g.h', 'a', '1.0-SNAPSHOT', undefined, undefined, 'jar'],
    [`${SNAP}/a-1.0-20240102.030405-7.jar`]: [
      'g.h',
      'a',
      '1.0-SNAPSHOT',
      '20240102.030405-7',
      undefined,
      'jar',
    ],
    [`${SNAP}/a-1.0-20240102.030405-7-tests.jar`]: [
      'g.h',
      'a',
      '1.0-SNAPSHOT',
      '20240102.030405-7',
      'tests',
      'jar',
    ],
    [`${SNAP}/a-1.0-20240102-7.jar`]: undefined,
    [`${SNAP}/maven-metadata.xml`]: undefined,
    [CLJ]: undefined,
    [`${CLJ}.`]: undefined,
    [`${CLJ}-sources`]: undefined,
    'clojure/1.12.0/clojure-1.12.0.jar': undefined,
    'org/clojure/clojure/1.12.0/other-1.12.0.jar': undefined,
    'org/clojure/clojure/1.12.0/clojure-1.11.0.jar': undefined,
    'org/clojure/clojure/maven-metadata.xml': undefined,
  }
  for (const [path, wanted] of Object.entries(cases)) {
    it(`${wanted === undefined ? 'finds none in' : 'takes apart'} ${path}`, () => {
      const found = parseCoordinates(parsePath(path))
      const fields = found && [
        found.group,
        found.artifact,
        found.version,
        found.timestamp,
        found.classifier,
        found.extension,
      ]
      assert.deepEqual(fields, wanted)
    })
  }
  it('gives parts that make up the path', () => {
    const word = fc.string({
      unit: fc.constantFrom(...Array.from('ab1.-_~+')),
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), ([group, artifact, version, end]) => {
        const path = `${group}/${artifact}/${version}/${artifact}-${version}${end}`
        if (!isPath(path)) return
        const found = parseCoordinates(path)
        if (found === undefined) return
        const classifier = found.classifier === undefined ? '' : `-${found.classifier}`
        assert.equal(end, `${classifier}.${found.extension}`)
        assert.deepEqual([found.group, found.artifact, found.version], [group, artifact, version])
      }),
    )
  })
})

describe('isMutablePath', () => {
  for (const path of [
    'g/a/maven-metadata.xml',
    'g/a/maven-metadata.xml.sha1',
    'g/a/maven-metadata.xml.asc',
    `${SNAP}/a-1.0-20240102.030405-7.jar`,
    'g/1-SNAPSHOT/x/y',
  ]) {
    it(`is true of ${path}`, () => {
      assert.ok(isMutablePath(parsePath(path)))
    })
  }
  for (const path of [
    `${CLJ}.jar`,
    'g/a/1/maven-metadata.xml.jar',
    'g/a/1/a-1-SNAPSHOT',
    'g/a/1-SNAPSHOTS/a',
    'maven-metadata.xml/a',
  ]) {
    it(`is false of ${path}`, () => {
      assert.ok(!isMutablePath(parsePath(path)))
    })
  }
})

describe('sidecarOf', () => {
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
    it(`knows .${algorithm}`, () => {
      assert.deepEqual(sidecarOf(parsePath(`${CLJ}.jar.asc.${algorithm}`)), {
        artifact: `${CLJ}.jar.asc`,
        algorithm,
      })
    })
  }
  for (const path of [
    `${CLJ}.jar`,
    'a/.sha1',
    '.sha1',
    'a/..sha1',
    'a/...sha1',
    '..md5',
    'a.sha1/b',
    'a.sha224',
  ]) {
    it(`finds none in ${path}`, () => {
      assert.equal(sidecarOf(parsePath(path)), undefined)
    })
  }
  it('names only artifacts that are paths', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('./ash1')) }), (text) => {
        if (!isPath(`${text}.sha1`)) return
        const sidecar = sidecarOf(parsePath(`${text}.sha1`))
        if (sidecar !== undefined) assert.ok(isPath(sidecar.artifact))
      }),
    )
  })
})

describe('projectOf', () => {
  const cases: Record<string, string> = {
    [`${CLJ}.jar`]: 'org/clojure/clojure',
    [`${CLJ}.jar.sha1`]: 'org/clojure/clojure',
    [`${SNAP}/a-1.0-20240102.030405-7.jar`]: 'g/h/a',
    [`${SNAP}/maven-metadata.xml`]: 'g/h/a',
    'g/h/a/maven-metadata.xml': 'g/h/a',
    'g/h/a/readme.txt': 'g/h/a',
    'top.txt': '',
  }
  for (const [path, project] of Object.entries(cases)) {
    it(`is ${project === '' ? 'the top' : project} for ${path}`, () => {
      assert.equal(projectOf(parsePath(path)), project)
    })
  }
})

describe('pomOf', () => {
  const cases: Record<string, string | undefined> = {
    [`${CLJ}.jar`]: `${CLJ}.pom`,
    [`${CLJ}-sources.jar`]: `${CLJ}.pom`,
    [`${CLJ}.aar`]: `${CLJ}.pom`,
    [`${SNAP}/a-1.0-20240102.030405-7-tests.jar`]: `${SNAP}/a-1.0-20240102.030405-7.pom`,
    [`${SNAP}/a-1.0-SNAPSHOT.war`]: `${SNAP}/a-1.0-SNAPSHOT.pom`,
    [`${CLJ}.pom`]: undefined,
    [`${CLJ}.pom.asc`]: undefined,
    [`${CLJ}.module`]: undefined,
    [`${CLJ}.jar.asc`]: undefined,
    [`${CLJ}.jar.sha1`]: undefined,
    'org/clojure/clojure/maven-metadata.xml': undefined,
    'readme.txt': undefined,
  }
  for (const [path, pom] of Object.entries(cases)) {
    it(`is ${pom ?? 'none'} for ${path}`, () => {
      assert.equal(pomOf(parsePath(path)), pom)
    })
  }
})

describe('isBookkeeping', () => {
  for (const path of [
    'g/a/1/_remote.repositories',
    'g/a/1/_maven.repositories',
    'g/a/1/a-1.jar.lastUpdated',
    'g/a/resolver-status.properties',
    'g/a/maven-metadata-clojars.xml',
    'g/a/maven-metadata-local.xml.sha1',
    'g/a/1/a-1.jar.part',
    'g/a/1/a-1.jar.part.lock',
    'g/a/1/a-1.jar.1234.tmp',
    'g/a/1/a-1.jar.tmp1a2b3c4d',
    'g/a/1/.DS_Store',
    '.cache/m2e/x',
    '.index/nexus-maven-repository-index.gz',
    'archetype-catalog.xml',
    'archetype-catalog.xml.sha1',
    'nexus-maven-repository-index.gz',
  ]) {
    it(`is true of ${path}`, () => {
      assert.ok(isBookkeeping(parsePath(path)))
    })
  }
  for (const path of [
    `${CLJ}.jar`,
    `${CLJ}.jar.sha1`,
    'g/a/maven-metadata.xml',
    'g/h/maven-metadata-x/1/maven-metadata-x-1.xml',
    'g/h/archetype-catalog/1/archetype-catalog-1.xml',
    'g/h/tmp/1/tmp-1.jar',
  ]) {
    it(`is false of ${path}`, () => {
      assert.ok(!isBookkeeping(parsePath(path)))
    })
  }
})
