import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_CLOSURE_DEPTH, MAX_CLOSURE_POMS } from '../src/index.ts'
import { dependencies, dependency, gav, Repository } from './_poms.ts'

describe('walkClosure', () => {
  it('takes compile and runtime, and leaves the rest', async () => {
    const repository = new Repository({
      'g:a:1': dependencies(
        dependency('g:compile:1'),
        dependency('g:runtime:1', '<scope>runtime</scope>'),
        dependency('g:provided:1', '<scope>provided</scope>'),
        dependency('g:test:1', '<scope>test</scope>'),
        dependency('g:system:1', '<scope>system</scope>'),
        dependency('g:optional:1', '<optional>true</optional>'),
      ),
      'g:compile:1': dependencies(dependency('g:deep:1')),
      'g:runtime:1': '',
      'g:deep:1': '',
    })
    assert.deepEqual(await repository.walk('g:a:1'), [
      'a-1.jar',
      'compile-1.jar',
      'deep-1.jar',
      'runtime-1.jar',
    ])
  })
  it('takes the nearest version, then the first', async () => {
    const repository = new Repository({
      'g:a:1': dependencies(dependency('g:b:1'), dependency('g:c:1'), dependency('g:x:3')),
      'g:b:1': dependencies(dependency('g:x:1'), dependency('g:y:1')),
      'g:c:1': dependencies(dependency('g:y:2')),
      'g:x:1': dependencies(dependency('g:lost:1')),
      ...{ 'g:x:3': '', 'g:y:1': '', 'g:y:2': '', 'g:lost:1': '' },
    })
    assert.deepEqual(await repository.walk('g:a:1'), [
      'a-1.jar',
      'b-1.jar',
      'c-1.jar',
      'x-3.jar',
      'y-1.jar',
    ])
    assert.ok(repository.asked.includes('g:y:2'), 'clients read the POMs of all versions')
  })
  it('leaves out what is excluded on the way', async () => {
    const exclusion = (id: string): string =>
      `<exclusions><exclusion>${gav(id)}</exclusion></exclusions>`
    const repository = new Repository({
      'g:a:1': dependencies(
        dependency('g:b:1', exclusion('g:x')),
        dependency('g:c:1', exclusion('*:*')),
      ),
      'g:b:1': dependencies(dependency('g:x:1'), dependency('g:y:1')),
      'g:c:1': dependencies(dependency('g:z:1')),
      ...{ 'g:x:1': '', 'g:y:1': '', 'g:z:1': '' },
    })
    assert.deepEqual(await repository.walk('g:a:1'), ['a-1.jar', 'b-1.jar', 'c-1.jar', 'y-1.jar'])
  })
  it('chooses from ranges, and names files by type and classifier', async () => {
    const repository = new Repository(
      {
        'g:a:1': dependencies(
          dependency('g:r:[1.0,2.0)'),
          dependency('g:t:1', '<type>test-jar</type>'),
          dependency('g:n:1', '<classifier>linux</classifier>'),
          dependency('g:p:1', '<type>pom</type>'),
          dependency('g:unknown:[1,2]'),
        ),
        ...{
          'g:r:1.10': '',
          'g:t:1': '',
          'g:n:1': '',
          'g:p:1': dependencies(dependency('g:q:1')),
          'g:q:1': '',
        },
      },
      { 'g:r': ['1.9', '1.10', '2.0', '2.1'] },
    )
    assert.deepEqual(await repository.walk('g:a:1'), [
      'a-1.jar',
      'n-1-linux.jar',
      'q-1.jar',
      'r-1.10.jar',
      't-1-tests.jar',
    ])
  })
  it('goes on behind a relocation', async () => {
    const repository = new Repository({
      'g:a:1': dependencies(dependency('g:old:1')),
      'g:old:1':
        '<distributionManagement><relocation><artifactId>new</artifactId></relocation></distributionManagement>',
      'g:new:1': '',
    })
    assert.deepEqual(await repository.walk('g:a:1'), ['a-1.jar', 'new-1.jar'])
  })
  it('tells apart the files whose POMs cannot be had', async () => {
    const repository = new Repository({
      'g:a:1': dependencies(
        dependency('g:b:1'),
        dependency('g:lost:1', '<classifier>linux</classifier>'),
        dependency('g:bom:1', '<type>pom</type>'),
      ),
      'g:b:1': dependencies(dependency('g:lost:2'), dependency('g:deep:1')),
    })
    assert.deepEqual(await repository.walk('g:a:1'), ['a-1.jar', 'b-1.jar'])
    assert.deepEqual(repository.unread.toSorted(), ['deep-1.jar', 'lost-1-linux.jar', 'lost-2.jar'])
  })
  it('brings nothing for a parent or a BOM', async () => {
    const repository = new Repository({
      'g:a:1': `<packaging>pom</packaging>${dependencies(dependency('g:b:1'))}`,
    })
    assert.deepEqual(await repository.walk('g:a:1'), [])
    assert.deepEqual(repository.asked, ['g:a:1'])
  })
  it('ends circles, and is bounded by MAX_CLOSURE_DEPTH and MAX_CLOSURE_POMS', async () => {
    const circle = new Repository({
      'g:a:1': dependencies(dependency('g:b:1')),
      'g:b:1': dependencies(dependency('g:a:1')),
    })
    assert.deepEqual(await circle.walk('g:a:1'), ['a-1.jar', 'b-1.jar'])
    const chain = new Repository(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, n) => [
          `g:n${String(n)}:1`,
          dependencies(dependency(`g:n${String(n + 1)}:1`)),
        ]),
      ),
    )
    assert.equal((await chain.walk('g:n0:1')).length, MAX_CLOSURE_DEPTH + 1)
    const wide = Array.from({ length: 2_000 }, (_, n) => `g:w${String(n)}:1`)
    const many = new Repository({
      'g:a:1': dependencies(...wide.map((id) => dependency(id))),
      ...Object.fromEntries(wide.map((id) => [id, ''])),
    })
    assert.equal((await many.walk('g:a:1')).length, MAX_CLOSURE_POMS)
  })
})
