import { parsePath } from '@jarswarm/maven'
import type { SourceKind } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { Prefetcher } from '../src/index.ts'
import { createProxyRig, waitFor } from './_proxy-rig.ts'
import type { ProxyRig } from './_proxy-rig.ts'
import { Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const gav = (name: string): string =>
  `<groupId>org.example</groupId><artifactId>${name}</artifactId><version>1</version>`
const pathOf = (name: string, extension: string): string =>
  `org/example/${name}/1/${name}-1.${extension}`
const pomOf = (name: string, dependencies: readonly string[]): string => {
  const list = dependencies.map((other) => `<dependency>${gav(other)}</dependency>`).join('')
  return `<project>${gav(name)}<dependencies>${list}</dependencies></project>`
}

/** A signed repository and a proxied one whose artifacts depend on each other: s1 -> p1 -> s2 -> p2, and s1 -> s2. */
interface Both {
  readonly signed: Rig
  readonly node: Node
  readonly proxied: ProxyRig
  readonly prefetcher: Prefetcher
  served(side: 'signed' | 'proxied', path: string, source?: SourceKind): void
  missed(side: 'signed' | 'proxied', path: string): void
}

async function createBoth(t: TestContext): Promise<Both> {
  const signed = new Rig(t)
  const proxied = createProxyRig(t, { clock: signed.clock })
  for (const [name, dependencies] of [
    ['s1', ['p1', 's2']],
    ['s2', ['p2']],
  ] as const) {
    signed.builder.put(pathOf(name, 'pom'), pomOf(name, dependencies))
    signed.builder.put(pathOf(name, 'jar'), `the jar of ${name}`)
  }
  for (const [name, dependencies] of [
    ['p1', ['s2']],
    ['p2', []],
  ] as const) {
    proxied.origin.put(pathOf(name, 'pom'), { bytes: pomOf(name, dependencies) })
    proxied.origin.put(pathOf(name, 'jar'), { bytes: `the jar of ${name}` })
  }
  signed.builder.publish()
  const node = await signed.node()
  await signed.synced(node)
  const prefetcher = new Prefetcher({
    sources: () => [node.repository.prefetchSource, proxied.repository.prefetchSource],
    blobs: proxied.blobs,
    clock: signed.clock,
    logger: node.logger,
  })
  t.after(() => prefetcher.stop())
  const ids = { signed: signed.builder.id, proxied: proxied.repository.id }
  return {
    signed,
    node,
    proxied,
    prefetcher,
    served: (side, path, source = 'origin') => {
      prefetcher.served({ repository: ids[side], path: parsePath(path), source })
    },
    missed: (side, path) => {
      prefetcher.missed(ids[side], parsePath(path))
    },
  }
}

/** Artifacts, not checksum files, that the proxied origin was asked for. */
function asked({ proxied }: Both): readonly string[] {
  return proxied.origin.asked.filter((path) => /\.(?:pom|jar)$/.test(path)).toSorted()
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const PROXIED = ['p1', 'p2'].flatMap((name) => [pathOf(name, 'jar'), pathOf(name, 'pom')])
const SIGNED = ['s1', 's2'].flatMap((name) => [pathOf(name, 'jar'), pathOf(name, 'pom')])

describe('Prefetcher over a signed and a proxied repository', () => {
  it('follows dependencies from one into the other and back', async (t) => {
    const both = await createBoth(t)
    both.served('signed', pathOf('s1', 'pom'))
    await both.signed.until(() => both.prefetcher.counts().files === 8)
    for (const path of PROXIED) {
      const record = await both.proxied.cache.get(parsePath(path))
      assert.ok(record !== undefined && (await both.proxied.blobs.has(record.digest)), path)
    }
    for (const path of SIGNED) {
      assert.ok(await both.node.stores.blobs.has(both.signed.builder.entry(path).digest), path)
    }
    // What the signed index has is not looked for elsewhere: this client asks the signed repository first.
    assert.deepEqual(asked(both), PROXIED)
    both.served('proxied', pathOf('p2', 'jar'), 'store')
    assert.deepEqual(both.prefetcher.counts(), { files: 8, used: 1 })
  })

  it('asks the proxied one first when that is what the client does', async (t) => {
    const both = await createBoth(t)
    const pom = pathOf('s1', 'pom')
    both.missed('proxied', pom)
    both.served('signed', pom)
    await both.signed.until(() => both.prefetcher.counts().files === 8)
    // The client will ask it for these, too, and is told of the miss without a round trip.
    assert.deepEqual(asked(both), [...PROXIED, ...SIGNED])
    const before = both.proxied.origin.asked.length
    const found = await both.proxied.repository.resolve(parsePath(pathOf('s2', 'pom')), {})
    assert.equal(found.kind, 'absent')
    assert.equal(both.proxied.origin.asked.length, before)
  })

  it('gives what it fetched as from the store', async (t) => {
    const both = await createBoth(t)
    both.served('proxied', pathOf('p2', 'pom'))
    await both.signed.until(() => both.prefetcher.counts().files === 2)
    const found = await both.proxied.repository.resolve(parsePath(pathOf('p2', 'jar')), {})
    assert.equal(found.kind, 'artifact')
    const content = await both.proxied.repository.open(found.entry, {})
    assert.equal(content.source, 'store')
    content.release()
  })

  it('asks nothing more of an origin that says 429, and goes on elsewhere', async (t) => {
    const both = await createBoth(t)
    both.proxied.origin.behave(pathOf('p1', 'pom'), 'busy')
    both.served('proxied', pathOf('p1', 'pom'))
    await waitFor(() => asked(both).length > 0)
    await settle()
    const before = asked(both)
    both.served('signed', pathOf('s1', 'pom'))
    await both.signed.until(() => both.prefetcher.counts().files >= 4)
    await settle()
    assert.deepEqual(asked(both), before)
  })

  it('does not ask again for what the origin does not have', async (t) => {
    const both = await createBoth(t)
    both.proxied.origin.put(pathOf('p3', 'pom'), { bytes: pomOf('p3', ['none']) })
    both.served('proxied', pathOf('p3', 'pom'))
    await waitFor(() => asked(both).includes(pathOf('none', 'pom')))
    await settle()
    const before = asked(both)
    await both.prefetcher.stop()
    const { id } = both.proxied.repository
    const again = new Prefetcher({
      sources: () => [both.proxied.repository.prefetchSource],
      blobs: both.proxied.blobs,
      clock: both.signed.clock,
      logger: both.node.logger,
    })
    again.served({ repository: id, path: parsePath(pathOf('p3', 'pom')), source: 'origin' })
    await settle()
    await again.stop()
    assert.deepEqual(asked(both), before)
  })
})

describe('ProxiedPrefetchSource', () => {
  it('takes no leave for what is here, is missing, or may not be asked for', async (t) => {
    const { repository, origin } = createProxyRig(t)
    const source = repository.prefetchSource
    const asked: (number | undefined)[] = []
    const allow = (sizeBytes: number | undefined): boolean => {
      asked.push(sizeBytes)
      return true
    }
    const [here, missing, busy] = ['p1', 'p2', 'p3'].map((name) => parsePath(pathOf(name, 'jar')))
    assert.ok(here !== undefined && missing !== undefined && busy !== undefined)
    origin.put(here, { bytes: 'the jar of p1' })
    origin.behave(busy, 'busy')
    assert.equal((await source.bring(here, { allow }))?.entry.path, here)
    assert.equal(await source.bring(missing, { allow }), undefined)
    assert.deepEqual(asked, [undefined, undefined])
    assert.equal((await source.bring(here, { allow }))?.entry.path, here)
    assert.equal(await source.bring(missing, { allow }), undefined)
    assert.equal(asked.length, 2)
    await assert.rejects(source.bring(busy, { allow }), /asks to be left alone/)
    await waitFor(() => !repository.mayAsk())
    assert.equal(await source.bring(busy, { allow }), undefined)
    assert.equal(asked.length, 3)
  })

  it('says what is here, and what was, of a size that is known', async (t) => {
    const { repository, origin, blobs } = createProxyRig(t)
    const source = repository.prefetchSource
    const path = parsePath(pathOf('p1', 'jar'))
    origin.put(path, { bytes: 'the jar of p1' })
    assert.equal(await source.isHere(path, {}), undefined)
    const entry = await repository.fetch(path, {})
    assert.ok(entry !== undefined)
    assert.equal(await source.isHere(path, {}), true)
    assert.equal(String(await source.read(entry)), 'the jar of p1')
    await blobs.delete(entry.digest)
    assert.equal(await source.isHere(path, {}), false)
    const sizes: (number | undefined)[] = []
    const allow = (sizeBytes: number | undefined): boolean => {
      sizes.push(sizeBytes)
      return false
    }
    assert.equal(await source.bring(path, { allow }), undefined)
    assert.deepEqual(sizes, [entry.sizeBytes])
  })
})
