import { sha256 } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { DigestMismatchError, providerKey } from '@jarswarm/ports'
import type { EntryChange, IndexPart, IndexStore, NamedObject } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { collect } from './collect.ts'

/** An index store under test. */
export interface IndexStoreFixture {
  readonly store: IndexStore
  close(): Promise<void>
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const REPOSITORY = sha256(bytesOf('1.root.json'))
const [ROOT, NEXT_ROOT] = [sha256(bytesOf('root')), sha256(bytesOf('next root'))]

const PATHS = [
  'archetype-catalog.xml',
  'org/a.b/a.b/1/a.b-1.jar',
  'org/a-b/a-b/1/a-b-1.jar',
  'org/a/1/a-1.jar',
  'org/a/1/a-1.pom',
  'org/a/2/a-2.jar',
  'org/a/maven-metadata.xml',
  'org/a/nested/1/nested-1.jar',
  'org/a0/1/a0-1.jar',
]

/** An entry whose fields differ from path to path. */
function entry(path: string, sizeBytes = path.length): IndexEntry {
  const digest = sha256(bytesOf(`${path} ${String(sizeBytes)}`))
  return {
    path: parsePath(path),
    digest,
    sha1: digest.slice(0, 40),
    sizeBytes,
    mtimeSeconds: 1_700_000_000 + path.length,
    pieceList: sizeBytes > 262_144 ? sha256(bytesOf('pieces')) : undefined,
  }
}

const put = (path: string, sizeBytes?: number): EntryChange => ({
  path,
  after: entry(path, sizeBytes),
})
const remove = (path: string): EntryChange => ({ path, before: entry(path) })

function object(text: string): NamedObject {
  const bytes = bytesOf(text)
  return { digest: sha256(bytes), bytes }
}

/** What every index store must do. `create` opens an empty one. */
export function indexStoreConformance(
  name: string,
  create: (repository: RepositoryId) => Promise<IndexStoreFixture>,
): void {
  describe(`${name} as IndexStore`, () => {
    let fixture: IndexStoreFixture
    beforeEach(async () => {
      fixture = await create(REPOSITORY)
    })
    afterEach(() => fixture.close())

    const store = (): IndexStore => fixture.store
    testObjects(store)
    testEntries(store)
    testDirectories(store)
    testProjects(store)
    testLoad(store)
  })
}

function testObjects(store: () => IndexStore): void {
  it('keeps objects by digest', async () => {
    const [one, two] = [object('one'), object('two')]
    await store().putObjects([one, two])
    assert.deepEqual(plain(await store().getObject(one.digest)), [...one.bytes])
    await store().deleteObjects([one.digest, object('never').digest])
    assert.equal(await store().getObject(one.digest), undefined)
    assert.deepEqual(plain(await store().getObject(two.digest)), [...two.bytes])
  })

  it('keeps none of the objects when one does not match', async () => {
    const good = object('good')
    const bad = { digest: object('wanted').digest, bytes: bytesOf('sent') }
    await assert.rejects(store().putObjects([good, bad]), DigestMismatchError)
    assert.equal(await store().getObject(good.digest), undefined)
    assert.equal(await store().getObject(bad.digest), undefined)
  })
}

function testEntries(store: () => IndexStore): void {
  const paths = async (prefix: string, after?: string): Promise<string[]> => {
    const listed = store().listEntries(prefix, after === undefined ? {} : { after })
    return (await collect(listed)).map(({ path }) => path)
  }

  it('lists entries in byte order, as they were put', async () => {
    const large = put('org/a/1/a-1-all.jar', 300_000)
    await store().applyChanges([...PATHS.toReversed().map((path) => put(path)), large], ROOT)
    const wanted = [...PATHS, large.path].sort()
    assert.deepEqual(await paths(''), wanted)
    const entries = await collect(store().listEntries('org/a/1/a-1-all'))
    assert.deepEqual(entries, [large.after])
  })

  it('lists by prefix and after a path', async () => {
    await store().applyChanges(PATHS.map((path) => put(path)))
    assert.deepEqual(await paths('org/a/1'), ['org/a/1/a-1.jar', 'org/a/1/a-1.pom'])
    assert.deepEqual(await paths('org/a/1', 'org/a/1/a-1.jar'), ['org/a/1/a-1.pom'])
    assert.deepEqual(await paths('org/a/1', 'a'), ['org/a/1/a-1.jar', 'org/a/1/a-1.pom'])
    assert.deepEqual(await paths('org/a/1', 'org/b'), [])
    assert.deepEqual(await paths('org/zzz'), [])
  })

  it('replaces and removes entries', async () => {
    await store().applyChanges([put('org/a/1/a-1.jar'), put('org/a/1/a-1.pom')], ROOT)
    const changed = put('org/a/1/a-1.jar', 77)
    await store().applyChanges([changed, remove('org/a/1/a-1.pom')], NEXT_ROOT)
    assert.deepEqual(await collect(store().listEntries('')), [changed.after])
  })

  it('says which root the paths mirror, and none in the midst of a sync', async () => {
    assert.equal(await store().completeRoot(), undefined)
    await store().applyChanges([put('org/a/1/a-1.jar')])
    assert.equal(await store().completeRoot(), undefined)
    await store().applyChanges([], ROOT)
    assert.equal(await store().completeRoot(), ROOT)
    await store().applyChanges([])
    assert.equal(await store().completeRoot(), ROOT)
    await store().applyChanges([put('org/a/2/a-2.jar')])
    assert.equal(await store().completeRoot(), undefined)
    await store().applyChanges([put('org/a/3/a-3.jar')], NEXT_ROOT)
    assert.equal(await store().completeRoot(), NEXT_ROOT)
  })

  it('drops everything on clear', async () => {
    const one = object('one')
    await store().putObjects([one])
    await store().applyChanges([put('org/a/1/a-1.jar')], ROOT)
    await store().clear()
    assert.equal(await store().completeRoot(), undefined)
    assert.equal(await store().getObject(one.digest), undefined)
    assert.deepEqual(await paths(''), [])
    assert.equal(await store().hasProject('org/a'), false)
  })

  it('ends a listing with the signal', async () => {
    await store().applyChanges([put('org/a/1/a-1.jar')])
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(collect(store().listEntries('', { signal })), reason)
    await assert.rejects(collect(store().listDirectory('', { signal })), reason)
  })
}

function testDirectories(store: () => IndexStore): void {
  const names = (directory: string): Promise<string[]> => collect(store().listDirectory(directory))

  it('lists files and folders directly below a directory, each once', async () => {
    await store().applyChanges(PATHS.map((path) => put(path)))
    assert.deepEqual(await names(''), ['archetype-catalog.xml', 'org/'])
    assert.deepEqual(await names('org'), ['a-b/', 'a.b/', 'a/', 'a0/'])
    assert.deepEqual(await names('org/a'), ['1/', '2/', 'maven-metadata.xml', 'nested/'])
    assert.deepEqual(await names('org/a/1'), ['a-1.jar', 'a-1.pom'])
  })

  it('lists nothing where there is no directory', async () => {
    await store().applyChanges(PATHS.map((path) => put(path)))
    for (const directory of ['org/none', 'or', 'archetype-catalog.xml', 'org/a/1/a-1.jar']) {
      assert.deepEqual(await names(directory), [])
    }
  })
}

function testProjects(store: () => IndexStore): void {
  const keyOf = (project: string): string => providerKey({ repository: REPOSITORY, project })

  it('knows a project while it has a path', async () => {
    await store().applyChanges([
      put('org/a/1/a-1.jar'),
      put('org/a/2/a-2.jar'),
      put('org/a/nested/1/nested-1.jar'),
    ])
    await store().applyChanges([remove('org/a/1/a-1.jar')])
    assert.equal(await store().hasProject('org/a'), true)
    assert.equal(await store().projectOfKey(keyOf('org/a')), 'org/a')
    await store().applyChanges([remove('org/a/2/a-2.jar')])
    assert.equal(await store().hasProject('org/a'), false)
    assert.equal(await store().projectOfKey(keyOf('org/a')), undefined)
    assert.equal(await store().hasProject('org/a/nested'), true)
    assert.equal(await store().hasProject('org'), false)
  })

  it('counts a change once though it is applied twice', async () => {
    const changes = [put('org/a/1/a-1.jar'), put('org/a/1/a-1.jar')]
    await store().applyChanges(changes)
    await store().applyChanges(changes)
    await store().applyChanges([remove('org/a/1/a-1.jar'), remove('org/a/9/a-9.jar')])
    assert.equal(await store().hasProject('org/a'), false)
  })

  it('counts changes that are applied at the same time', async () => {
    const versions = [1, 2, 3, 4].map((n) => `org/a/${String(n)}/a-${String(n)}.jar`)
    await Promise.all(versions.map((path) => store().applyChanges([put(path)])))
    await Promise.all(versions.slice(1).map((path) => store().applyChanges([remove(path)])))
    assert.equal(await store().hasProject('org/a'), true)
    await store().applyChanges([remove('org/a/1/a-1.jar')])
    assert.equal(await store().hasProject('org/a'), false)
  })
}

function testLoad(store: () => IndexStore): void {
  const listed = (): Promise<IndexEntry[]> => collect(store().listEntries(''))
  const key = providerKey({ repository: REPOSITORY, project: 'org/a' })
  const part = (path: string): IndexPart => ({ object: object(path), entries: [entry(path)] })

  it('loads an index that comes in any order, in place of the paths that are there', async () => {
    await store().applyChanges([put('org/old/1/old-1.jar')], ROOT)
    await store().load(partsOf(PATHS.toReversed().map(part)))
    assert.deepEqual(
      await listed(),
      PATHS.toSorted().map((path) => entry(path)),
    )
    for (const path of PATHS) {
      const { digest, bytes } = object(path)
      assert.deepEqual(plain(await store().getObject(digest)), [...bytes])
    }
    assert.equal(await store().completeRoot(), undefined)
    assert.equal(await store().hasProject('org/old'), false)
  })

  it('knows the projects of what it loaded, until their last path goes', async () => {
    const [one, two] = ['org/a/1/a-1.jar', 'org/a/2/a-2.jar']
    await store().load(partsOf([part(two), part(one)]))
    await store().applyChanges([remove(one)])
    assert.equal(await store().hasProject('org/a'), true)
    assert.equal(await store().projectOfKey(key), 'org/a')
    await store().applyChanges([remove(two)], NEXT_ROOT)
    assert.equal(await store().hasProject('org/a'), false)
    assert.equal(await store().projectOfKey(key), undefined)
  })

  it('names no root when the parts throw, or the signal ends them', async () => {
    await store().applyChanges([put('org/old/1/old-1.jar')], ROOT)
    const reason = new Error('enough')
    await assert.rejects(store().load(partsOf([part('org/a/1/a-1.jar')], reason)), reason)
    assert.equal(await store().completeRoot(), undefined)
    const signal = AbortSignal.abort(reason)
    await assert.rejects(store().load(partsOf([part('org/a/1/a-1.jar')]), { signal }), reason)
    await store().load(partsOf([part('org/a/2/a-2.jar')]))
    assert.deepEqual(await listed(), [entry('org/a/2/a-2.jar')])
  })

  it('forgets the paths and keeps the objects', async () => {
    const one = object('one')
    await store().putObjects([one])
    await store().applyChanges([put('org/a/1/a-1.jar')], ROOT)
    await store().clearEntries()
    assert.deepEqual(await listed(), [])
    assert.equal(await store().completeRoot(), undefined)
    assert.equal(await store().hasProject('org/a'), false)
    assert.equal(await store().projectOfKey(key), undefined)
    assert.deepEqual(plain(await store().getObject(one.digest)), [...one.bytes])
  })
}

async function* partsOf(parts: readonly IndexPart[], error?: Error): AsyncGenerator<IndexPart> {
  await Promise.resolve()
  yield* parts
  if (error !== undefined) throw error
}

function plain(bytes: Uint8Array | undefined): number[] | undefined {
  return bytes && [...bytes]
}
