import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import {
  checkHistory,
  findEntry,
  parsePack,
  parsePieceList,
  PIECE_BYTES,
  sha256,
  walkIndex,
} from '@jarswarm/manifest'
import type { NodeSource } from '@jarswarm/manifest'
import { publishedPath } from '@jarswarm/ports'
import { EquivocationError, parseLink, TrustedRepository } from '@jarswarm/trust'
import { SignedRepositoryBuilder } from '../src/index.ts'
import { TEST_NOW_MS } from '../src/manual-clock.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const METADATA = 'org/example/lib/maven-metadata.xml'

function sampleRepository(): SignedRepositoryBuilder {
  return new SignedRepositoryBuilder().put(JAR, 'jar').put(METADATA, '<metadata/>')
}

function sourceOf(repository: SignedRepositoryBuilder): NodeSource {
  return (digest) =>
    Promise.resolve(repository.files.get(publishedPath({ kind: 'object', digest })))
}

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe('SignedRepositoryBuilder', () => {
  it('publishes what a node trusts and finds', async () => {
    const repository = sampleRepository()
    const { head, manifest } = repository.publish()
    assert.deepEqual(repository.files.get(publishedPath({ kind: 'manifest' })), manifest)
    const trusted = TrustedRepository.create(repository.id, repository.root)
    assert.equal(trusted.accept(manifest, TEST_NOW_MS), 'newer')
    assert.deepEqual(trusted.head, head)
    const entry = repository.entry(JAR)
    assert.deepEqual(await findEntry(sourceOf(repository), head.index.root, entry.path), entry)
    assert.deepEqual(repository.files.get(JAR), new TextEncoder().encode('jar'))
  })

  it('goes from state to state', () => {
    const repository = sampleRepository()
    repository.publish()
    const trusted = repository.trust()
    const second = repository.put(METADATA, '<metadata>2</metadata>').publish()
    assert.equal(trusted.accept(second.manifest, TEST_NOW_MS), 'newer')
    const third = repository.remove(JAR).publish({ nowMs: TEST_NOW_MS + 1000 })
    assert.equal(trusted.accept(third.manifest, TEST_NOW_MS), 'newer')
    assert.equal(third.head.seq, 3)
    assert.equal(third.head.index.files, 1)
    assert.deepEqual(
      repository.events.map(({ seq, kind, path }) => `${seq} ${kind} ${path}`),
      [`1 put ${JAR}`, `1 mut ${METADATA}`, `2 mut ${METADATA}`, `3 del ${JAR}`],
    )
  })

  it('writes a history that the index is the fold of', async () => {
    const repository = sampleRepository()
    repository.publish()
    const { head } = repository.put('a/b/1/b-1.pom', 'pom').remove(JAR).publish()
    const entries = walkIndex(sourceOf(repository), head.index.root)
    assert.deepEqual(await list(checkHistory(repository.events, entries)), [])
    assert.equal(head.history.size, 4)
    assert.ok(repository.files.has('.jarswarm/log/tile/entries/000.p/4'))
    assert.equal(repository.files.get('.jarswarm/log/tile/0/000.p/4')?.length, 4 * 32)
  })

  it('writes the bytes of mutable files by digest', () => {
    const repository = sampleRepository()
    repository.publish()
    const name = { kind: 'blob', digest: repository.entry(METADATA).digest } as const
    assert.deepEqual(repository.files.get(publishedPath(name)), repository.files.get(METADATA))
    const jar = { kind: 'blob', digest: repository.entry(JAR).digest } as const
    assert.equal(repository.files.has(publishedPath(jar)), false)
  })

  it('writes piece lists of large artifacts', () => {
    const bytes = new Uint8Array(PIECE_BYTES + 1)
    const repository = sampleRepository().put('a/b/1/b-1.jar', bytes)
    repository.publish()
    const digest = repository.entry('a/b/1/b-1.jar').pieceList
    assert.ok(digest !== undefined)
    const pieceList = repository.files.get(publishedPath({ kind: 'object', digest }))
    assert.ok(pieceList !== undefined)
    assert.equal(parsePieceList(pieceList, bytes.length)[0], sha256(bytes.subarray(1)))
  })

  it('writes a pack when asked', async () => {
    const repository = sampleRepository()
    const { head } = repository.publish({ pack: true })
    assert.ok(head.pack !== null)
    const packed = repository.files.get(publishedPath({ kind: 'pack', digest: head.pack.digest }))
    assert.ok(packed !== undefined)
    assert.equal(packed.length, head.pack.sizeBytes)
    const digests: string[] = []
    for await (const object of parsePack([zstdDecompressSync(packed)])) digests.push(sha256(object))
    assert.deepEqual(digests, [head.index.root])
  })

  it('signs anew, and rotates keys', () => {
    const repository = sampleRepository()
    repository.publish()
    const trusted = repository.trust()
    const later = repository.resign(TEST_NOW_MS + 3_600_000)
    assert.equal(trusted.accept(later.manifest, TEST_NOW_MS), 'newer')
    assert.equal(trusted.head?.seq, 1)
    repository.nextRoot({ rotate: true })
    const { manifest } = repository.publish()
    assert.equal(trusted.accept(manifest, TEST_NOW_MS), 'newer')
    assert.equal(trusted.rootNumber, 2)
    assert.deepEqual(repository.trust().record(), trusted.record())
  })

  it('names its repository in a link', () => {
    const repository = new SignedRepositoryBuilder({ name: 'other', origin: null })
    const link = { id: repository.id, name: 'other', origin: undefined, peers: [] }
    assert.deepEqual(parseLink(repository.link()), link)
    assert.equal(repository.trust().head, undefined)
  })
})

it('lets a test publish two truths', () => {
  const repository = sampleRepository()
  const first = repository.publish()
  const trusted = repository.trust()
  const forked = repository.fork()
  repository.put(METADATA, 'one').publish()
  const other = forked.put(METADATA, 'two').publish()
  assert.equal(trusted.accept(repository.state?.manifest ?? first.manifest, TEST_NOW_MS), 'newer')
  assert.throws(() => trusted.accept(other.manifest, TEST_NOW_MS), EquivocationError)
})
