import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InvalidPomError, parseMetadata, parsePom } from '../src/index.ts'
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

describe('parsePom', () => {
  it('reads what is written', () => {
    const pom = parsePom(
      bytesOf(
        `<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0"><!-- c -->
          <parent>${gav('p:parent:1')}</parent><artifactId> a </artifactId><packaging>bundle</packaging>
          <properties><v>2</v><v.w>\${v}</v.w></properties>
          ${dependencies(dependency('g:b:${v}', '<scope>test</scope><optional>true</optional>'))}</project>`,
      ),
    )
    assert.deepEqual(pom.parent, { group: 'p', artifact: 'parent', version: '1' })
    assert.equal(pom.artifact, 'a')
    assert.equal(pom.group, undefined)
    assert.equal(pom.packaging, 'bundle')
    assert.deepEqual(
      [...pom.properties],
      [
        ['v', '2'],
        ['v.w', '${v}'],
      ],
    )
    const written = pom.dependencies.map(({ version, scope }) => [version, scope])
    assert.deepEqual(written, [['${v}', 'test']])
  })
  it('keeps numbers as they are written', () => {
    assert.equal(parsePom(bytesOf(project('<version>1.10</version>'))).version, '1.10')
  })
  for (const [what, text] of [
    ['a document type', '<!DOCTYPE project [<!ENTITY x SYSTEM "file:///etc/passwd">]><project/>'],
    ['another root', '<metadata><a/></metadata>'],
    ['nothing', ''],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parsePom(bytesOf(text)), InvalidPomError)
    })
  }
  it('expands no entity', () => {
    assert.equal(parsePom(bytesOf(project('<version>&lt;1</version>'))).version, '&lt;1')
  })
  it('finds nothing that the document does not hold', () => {
    const pom = parsePom(bytesOf(project('<properties><x>1</x></properties>')))
    assert.equal(pom.properties.get('toString'), undefined)
    const constructor = project('<properties><constructor>1</constructor></properties>')
    assert.throws(() => parsePom(bytesOf(constructor)), InvalidPomError)
  })
  it('throws nothing but its own error at junk', () => {
    const tags = fc.constantFrom(
      ...[
        '<project>',
        '</project>',
        '<dependencies>',
        '<dependency>',
        '</',
        '<!--',
        ']]>',
        '<![CDATA[',
      ],
      ...['<?', '&x;', '${', '<groupId>', 'x', '<__proto__>', '<a b="', '<metadata>', '\u0000'],
    )
    const junk = fc.oneof(
      fc.string(),
      fc.array(tags).map((parts) => `<project>${parts.join('')}`),
    )
    for (const parse of [parsePom, parseMetadata]) {
      fc.assert(
        fc.property(fc.oneof(junk.map(bytesOf), fc.uint8Array()), (bytes) => {
          try {
            parse(bytes)
          } catch (error) {
            assert.ok(error instanceof InvalidPomError)
          }
        }),
        { numRuns: 500 },
      )
    }
  })
})

describe('parseMetadata', () => {
  it('reads versions and the files of a snapshot', () => {
    const metadata = metadataOf(
      `<latest>2</latest><release>1</release><versions><version>1</version><version>2</version></versions>
       <snapshot><timestamp>20240102.030405</timestamp><buildNumber>7</buildNumber></snapshot>
       <snapshotVersions><snapshotVersion><extension>jar</extension><value>1-20240102.030405-7</value></snapshotVersion></snapshotVersions>`,
    )
    assert.deepEqual(metadata.versions, ['1', '2'])
    assert.deepEqual([metadata.latest, metadata.release], ['2', '1'])
    assert.equal(metadata.timestamp, '20240102.030405-7')
    assert.deepEqual(metadata.snapshotFiles, [
      { classifier: undefined, extension: 'jar', version: '1-20240102.030405-7' },
    ])
  })
})

describe('readEffectivePom', () => {
  it('inherits dependencies, properties and managed versions, the nearest first', async () => {
    const repository = new Repository({
      'g:a:1': `<parent>${gav('g:p:1')}</parent><properties><x>2</x></properties>
        ${dependencies(dependency('g:b'), dependency('g:c:${x}'))}`,
      'g:p:1': `<parent>${gav('g:top:1')}</parent><properties><x>1</x><y>5</y></properties>
        ${managed(dependency('g:b:${y}'))}`,
      'g:top:1': `${managed(dependency('g:b:0'))}${dependencies(dependency('g:d:\${project.version}'))}`,
    })
    assert.deepEqual(await repository.versionsOf('g:a:1'), { b: '5', c: '2', d: '1' })
  })
  it('knows the names of the model', async () => {
    const names = [
      'project.version',
      'pom.version',
      'version',
      'project.parent.version',
      'parent.version',
    ]
    const list = names.map((name, index) => dependency(`g:n${String(index)}:\${${name}}`))
    const repository = new Repository({
      'g:a:1': `<parent>${gav('g:p:9')}</parent>${dependencies(...list)}`,
    })
    const found = await repository.versionsOf('g:a:1')
    assert.deepEqual(found, { n0: '1', n1: '1', n2: '1', n3: '9', n4: '9' })
  })
  it('imports BOMs, the own word first', async () => {
    const bom = '<type>pom</type><scope>import</scope>'
    const repository = new Repository({
      'g:a:1':
        managed(dependency('g:b:1'), dependency('g:bom:3', bom)) +
        dependencies(dependency('g:b'), dependency('g:c')),
      'g:bom:3': managed(
        dependency('g:b:2'),
        dependency('g:c:${project.version}'),
        dependency('g:bom:3', bom),
      ),
    })
    assert.deepEqual(await repository.versionsOf('g:a:1'), { b: '1', c: '3' })
  })
  it('ends circles of parents and of properties', async () => {
    const repository = new Repository({
      'g:a:1': `<parent>${gav('g:b:1')}</parent><properties><x>\${y}</x><y>\${x}</y></properties>
        ${dependencies(dependency('g:c:${x}'), dependency('g:d:1'))}`,
      'g:b:1': `<parent>${gav('g:a:1')}</parent>`,
    })
    assert.deepEqual(await repository.versionsOf('g:a:1'), { d: '1' })
  })
  it('bounds what properties within properties grow to', async () => {
    const grow = Array.from(
      { length: 15 },
      (_, n) => `<p${String(n)}>${`\${p${String(n + 1)}}`.repeat(50)}</p${String(n)}>`,
    )
    const repository = new Repository({
      'g:a:1': `<properties>${grow.join('')}<p15>x</p15></properties>${dependencies(dependency('g:c:${p0}'))}`,
    })
    assert.deepEqual(await repository.versionsOf('g:a:1'), {})
  })
  it('follows a relocation', async () => {
    const repository = new Repository({
      'g:a:1':
        '<distributionManagement><relocation><groupId>h</groupId></relocation></distributionManagement>',
    })
    const pom = await repository.read('g:a:1')
    assert.deepEqual(pom?.relocation, { group: 'h', artifact: 'a', version: '1' })
  })
})
