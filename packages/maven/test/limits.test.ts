import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidPomError, parsePom } from '../src/index.ts'
import type { Pom } from '../src/index.ts'
import {
  MAX_DEPENDENCIES,
  MAX_EXCLUSIONS,
  MAX_IMPORT_DEPTH,
  MAX_PARENTS,
  MAX_POMS_PER_MODEL,
  MAX_PROPERTIES,
  MAX_PROPERTY_DEPTH,
  MAX_RELOCATIONS,
  MAX_SNAPSHOT_FILES,
  MAX_TEXT_CHARS,
  MAX_VERSIONS,
  MAX_XML_BYTES,
  MAX_XML_DEPTH,
  MAX_XML_TAGS,
} from '../src/limits.ts'
import {
  bytesOf,
  dependencies,
  dependency,
  gav,
  managed,
  metadataOf,
  project,
  Repository,
} from './_poms.ts'

const range = (count: number): readonly number[] => [...Array(count).keys()]
const read = (body: string): Pom => parsePom(bytesOf(project(body)))
const refuses = (body: string): void => {
  assert.throws(() => read(body), InvalidPomError)
}

describe('parsePom', () => {
  it('reads a document of MAX_XML_BYTES, and none longer', () => {
    const spaces = (bytes: number): string => ' '.repeat(bytes - project('').length)
    assert.equal(read(spaces(MAX_XML_BYTES)).dependencies.length, 0)
    refuses(spaces(MAX_XML_BYTES + 1))
  })

  it('reads elements MAX_XML_DEPTH deep, and none deeper', () => {
    // The project is the first of them.
    const nested = (depth: number): string => '<a>'.repeat(depth - 1) + '</a>'.repeat(depth - 1)
    assert.equal(read(nested(MAX_XML_DEPTH)).packaging, 'jar')
    refuses(nested(MAX_XML_DEPTH + 1))
  })

  it('reads a document of MAX_XML_TAGS, and none of more', () => {
    const others = project('').split('<').length - 1
    const tags = (count: number): string => '<a/>'.repeat(count - others)
    assert.equal(read(tags(MAX_XML_TAGS)).packaging, 'jar')
    refuses(tags(MAX_XML_TAGS + 1))
  })

  it('takes a text of MAX_TEXT_CHARS, and none longer', () => {
    const version = (chars: number) => read(`<version>${'1'.repeat(chars)}</version>`).version
    assert.equal(version(MAX_TEXT_CHARS)?.length, MAX_TEXT_CHARS)
    assert.equal(version(MAX_TEXT_CHARS + 1), undefined)
  })

  it('takes MAX_DEPENDENCIES, and refuses more', () => {
    const list = (count: number): string => dependencies(dependency('g:a:1').repeat(count))
    assert.equal(read(list(MAX_DEPENDENCIES)).dependencies.length, MAX_DEPENDENCIES)
    refuses(list(MAX_DEPENDENCIES + 1))
  })

  it('keeps MAX_PROPERTIES and MAX_EXCLUSIONS, the first ones', () => {
    const properties = range(MAX_PROPERTIES + 1).map((n) => `<p${n}>x</p${n}>`)
    const exclusions = range(MAX_EXCLUSIONS + 1).map(
      (n) => `<exclusion>${gav(`g:e${n}`)}</exclusion>`,
    )
    const pom = read(
      `<properties>${properties.join('')}</properties>` +
        dependencies(dependency('g:a:1', `<exclusions>${exclusions.join('')}</exclusions>`)),
    )
    assert.equal(pom.properties.size, MAX_PROPERTIES)
    assert.ok(pom.properties.has('p0'))
    const [{ exclusions: kept } = assert.fail()] = pom.dependencies
    assert.deepEqual([kept.length, kept[0]?.artifact], [MAX_EXCLUSIONS, 'e0'])
  })
})

describe('parseMetadata', () => {
  it('keeps MAX_VERSIONS, the last ones', () => {
    const versions = range(MAX_VERSIONS + 1).map((n) => `<version>${n}</version>`)
    const kept = metadataOf(`<versions>${versions.join('')}</versions>`).versions
    assert.deepEqual([kept.length, kept[0]], [MAX_VERSIONS, '1'])
  })

  it('keeps MAX_SNAPSHOT_FILES, the first ones', () => {
    const files = range(MAX_SNAPSHOT_FILES + 1).map(
      (n) => `<snapshotVersion><extension>e${n}</extension><value>1</value></snapshotVersion>`,
    )
    const kept = metadataOf(`<snapshotVersions>${files.join('')}</snapshotVersions>`).snapshotFiles
    assert.deepEqual([kept.length, kept[0]?.extension], [MAX_SNAPSHOT_FILES, 'e0'])
  })
})

describe('readEffectivePom', () => {
  const BOM = '<type>pom</type><scope>import</scope>'

  it('reads MAX_PARENTS, and no more', async () => {
    const repository = new Repository(
      Object.fromEntries(
        range(2 * MAX_PARENTS).map((n) => [
          `g:p${n}:1`,
          `<parent>${gav(`g:p${n + 1}:1`)}</parent>`,
        ]),
      ),
    )
    await repository.read('g:p0:1')
    assert.equal(repository.asked.length, 1 + MAX_PARENTS)
  })

  it('reads BOMs that import one another to MAX_IMPORT_DEPTH, and no deeper', async () => {
    const repository = new Repository(
      Object.fromEntries(
        range(2 * MAX_IMPORT_DEPTH).map((n) => [
          `g:b${n}:1`,
          managed(dependency(`g:b${n + 1}:1`, BOM)),
        ]),
      ),
    )
    await repository.read('g:b0:1')
    assert.equal(repository.asked.length, 1 + MAX_IMPORT_DEPTH)
  })

  it('reads MAX_POMS_PER_MODEL, and no more', async () => {
    const boms = range(2 * MAX_POMS_PER_MODEL).map((n) => dependency(`g:bom${n}:1`, BOM))
    const repository = new Repository({ 'g:a:1': managed(...boms) })
    await repository.read('g:a:1')
    assert.equal(repository.asked.length, MAX_POMS_PER_MODEL)
  })

  it('follows MAX_PROPERTY_DEPTH properties that name one another, and no more', async () => {
    const chain = range(MAX_PROPERTY_DEPTH).map((n) => `<p${n}>\${p${n + 1}}</p${n}>`)
    const properties = `${chain.join('')}<p${MAX_PROPERTY_DEPTH}>1</p${MAX_PROPERTY_DEPTH}>`
    const repository = new Repository({
      'g:a:1': `<properties>${properties}</properties>${dependencies(
        dependency('g:far:${p0}'),
        dependency('g:near:${p1}'),
      )}`,
    })
    assert.deepEqual(await repository.versionsOf('g:a:1'), { near: '1' })
  })
})

describe('walkClosure', () => {
  it('follows MAX_RELOCATIONS, and no more', async () => {
    const moved = (to: number): string =>
      `<distributionManagement><relocation><artifactId>r${to}</artifactId></relocation></distributionManagement>`
    const repository = new Repository({
      ...Object.fromEntries(range(MAX_RELOCATIONS + 1).map((n) => [`g:r${n}:1`, moved(n + 1)])),
      [`g:r${MAX_RELOCATIONS + 1}:1`]: '',
    })
    const last = `r${MAX_RELOCATIONS + 1}-1.jar`
    assert.deepEqual(await repository.walk('g:r1:1'), [last])
    assert.ok(!(await repository.walk('g:r0:1')).includes(last))
  })
})
