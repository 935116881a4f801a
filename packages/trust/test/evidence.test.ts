import { proveDirectory, sha256, tilePath, VerifiedHistory } from '@jarswarm/manifest'
import type { Tile } from '@jarswarm/manifest'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatEvidence,
  InvalidEvidenceError,
  judgeEvidence,
  MAX_EVIDENCE_BYTES,
  parseEvidence,
} from '../src/index.ts'
import type { Evidence, EvidenceStatement } from '../src/index.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const OTHER = 'org/example/lib/1.1/lib-1.1.jar'
const METADATA = 'org/example/lib/maven-metadata.xml'

function published(): SignedRepositoryBuilder {
  const builder = new SignedRepositoryBuilder()
  builder.put(JAR, 'a jar').put(METADATA, '<metadata/>').publish()
  return builder
}

async function statement(
  builder: SignedRepositoryBuilder,
  directory: string,
): Promise<EvidenceStatement> {
  const { head, manifest } = builder.state ?? assert.fail('nothing is published')
  const read = (digest: string): Promise<Uint8Array | undefined> =>
    Promise.resolve(builder.files.get(`.jarswarm/objects/${digest.slice(0, 2)}/${digest}`))
  return { manifest, nodes: await proveDirectory(read, head.index.root, directory) }
}

async function twoDigests(path: string): Promise<Evidence> {
  const builder = published()
  const directory = path.slice(0, path.lastIndexOf('/'))
  const first = await statement(builder, directory)
  builder.put(path, 'other bytes').publish()
  const second = await statement(builder, directory)
  return { kind: 'second-digest', path, first, second, roots: [builder.root] }
}

function historyOf(builder: SignedRepositoryBuilder): VerifiedHistory {
  const { head } = builder.state ?? assert.fail('nothing is published')
  return new VerifiedHistory(head.history, (tiles, check) => {
    const nameOf = ({ level, index, width }: Tile): string => tilePath(level, index, width)
    check(tiles.map((tile) => builder.files.get(`.jarswarm/log/${nameOf(tile)}`) ?? assert.fail()))
    return Promise.resolve()
  })
}

/** What a node keeps when the newest head of a publisher does not continue one of `size` lines. */
async function rewritten(
  builder: SignedRepositoryBuilder,
  first: Uint8Array,
  size: number,
): Promise<Extract<Evidence, { kind: 'rewritten-history' }>> {
  const log = historyOf(builder)
  const { manifest: second } = builder.state ?? assert.fail('nothing is published')
  const said = { root: await log.rootAt(size), proof: await log.proveConsistency(size) }
  return { kind: 'rewritten-history', first, second, ...said, roots: [builder.root] }
}

function refuses(evidence: Evidence, pattern: RegExp): void {
  assert.throws(
    () => judgeEvidence(parseEvidence(formatEvidence(evidence))),
    (error) => error instanceof InvalidEvidenceError && pattern.test(error.message),
  )
}

describe('judgeEvidence', () => {
  it('proves two heads of one number, in whichever order they stand', () => {
    const builder = published()
    const fork = builder.fork()
    const first = builder.put(JAR, 'one').publish().manifest
    const second = fork.put(JAR, 'two').publish().manifest
    const roots = [builder.root]
    for (const pair of [
      { first, second },
      { first: second, second: first },
    ]) {
      const bytes = formatEvidence({ kind: 'two-stories', ...pair, roots })
      const { repository, says } = judgeEvidence(parseEvidence(bytes))
      assert.equal(repository, builder.id)
      assert.match(says, /contradict each other: two timestamps/)
    }
    refuses({ kind: 'two-stories', first, second: first, roots }, /agree/)
    const later = builder.put(OTHER, 'more').publish().manifest
    refuses({ kind: 'two-stories', first, second: later, roots }, /agree/)
    refuses({ kind: 'two-stories', first: later, second: first, roots }, /agree/)
    refuses({ kind: 'two-stories', first, second, roots: [] }, /too few roots/)
    const other = new SignedRepositoryBuilder()
    refuses(
      { kind: 'two-stories', first, second, roots: [other.root] },
      /found a part that is refused \(Cannot accept the root manifest: .*\), wanted a contradiction that is signed$/,
    )
  })

  it('proves two successors of one root', () => {
    const builder = published()
    const fork = builder.fork()
    const roots = [builder.root]
    builder.nextRoot()
    fork.nextRoot({ rotate: true })
    const [first, second] = [builder.root, fork.root]
    const evidence: Evidence = { kind: 'two-roots', first, second, roots }
    const { says, signedBy, repository } = judgeEvidence(parseEvidence(formatEvidence(evidence)))
    assert.match(says, /two different roots of number 2/)
    assert.deepEqual(signedBy, { role: 'root', rootNumber: 1 })
    assert.equal(repository, builder.id)
    refuses({ ...evidence, second: first }, /the same root twice/)
    const spaced = Buffer.concat([first, Buffer.from('\n')])
    refuses({ ...evidence, second: spaced }, /the same root twice/)
    fork.nextRoot()
    refuses({ ...evidence, second: fork.root }, /found/)
    const stranger = new SignedRepositoryBuilder()
    stranger.nextRoot()
    refuses({ ...evidence, second: stranger.root }, /found/)
    refuses({ ...evidence, roots: [] }, /too few roots/)
  })

  it('proves that a history was rewritten, and nothing of one that goes on', async () => {
    const builder = published()
    const fork = builder.fork()
    const was = builder.put(OTHER, 'the truth').publish()
    fork.put(OTHER, 'a lie').publish()
    const is = fork.put('org/example/lib/1.2/lib-1.2.jar', 'more').publish()
    const evidence = await rewritten(fork, was.manifest, was.head.history.size)
    assert.match(
      judgeEvidence(parseEvidence(formatEvidence(evidence))).says,
      new RegExp(`head 3 rewrites the first ${was.head.history.size} lines .* head 2 signed`),
    )
    refuses({ ...evidence, first: is.manifest, second: was.manifest }, /found|wanted/)
    refuses({ ...evidence, root: was.head.history.root }, /found|wanted/)
    refuses({ ...evidence, proof: evidence.proof.slice(1) }, /found|wanted/)
    const honest = builder.put('org/example/lib/1.2/lib-1.2.jar', 'more').publish()
    assert.equal(honest.head.seq, 3)
    refuses(await rewritten(builder, was.manifest, was.head.history.size), /was continued/)
  })

  it('proves a second digest by a line of the history', async () => {
    const builder = published()
    const first = await statement(builder, 'org/example/lib/1.0')
    const { manifest, head } = builder.put(JAR, 'other bytes').publish()
    const index = head.history.size - 1
    const log = historyOf(builder)
    const line = await log.line(index)
    const second = { manifest, line, index, proof: await log.proveInclusion(index) }
    const evidence: Evidence = {
      kind: 'second-digest',
      path: JAR,
      first,
      second,
      roots: [builder.root],
    }
    assert.match(
      judgeEvidence(parseEvidence(formatEvidence(evidence))).says,
      /head 1, and .* head 2/,
    )
    refuses({ ...evidence, second: { ...second, index: 0 } }, /found|wanted/)
    const metadata = {
      manifest,
      line: await log.line(1),
      index: 1,
      proof: await log.proveInclusion(1),
    }
    refuses({ ...evidence, second: metadata }, /a line about/)
  })

  it('does not hold new keys to what the old ones signed', () => {
    const builder = published()
    const fork = builder.fork()
    const first = builder.put(JAR, 'one').publish().manifest
    const old = fork.root
    fork.nextRoot({ rotate: true })
    const second = fork.put(JAR, 'two').publish().manifest
    refuses({ kind: 'two-stories', first, second, roots: [old, fork.root] }, /found/)
  })

  it('proves two digests of a release', async () => {
    const evidence = await twoDigests(JAR)
    const { says } = judgeEvidence(parseEvidence(formatEvidence(evidence)))
    assert.match(says, new RegExp(`${JAR} has SHA-256 ${sha256(Buffer.from('a jar'))}`))
  })

  it('accuses nobody of one digest, of a mutable file, or of a file that is not there', async () => {
    const evidence = await twoDigests(JAR)
    assert.ok(evidence.kind === 'second-digest')
    refuses({ ...evidence, second: evidence.first }, /one digest/)
    refuses({ ...evidence, path: 'org/example/lib/1.0/lib-1.0.pom' }, /no org/)
    refuses(await twoDigests(METADATA), /may change/)
    const { first, second } = evidence
    assert.ok('nodes' in first && 'nodes' in second)
    refuses({ ...evidence, second: { ...second, nodes: first.nodes } }, /found/)
  })

  it('lets a defect of its own go on, and refuses once', async () => {
    const evidence = await twoDigests(JAR)
    assert.ok(evidence.kind === 'second-digest')
    assert.throws(() => judgeEvidence({ ...evidence, roots: undefined as never }), TypeError)
    assert.throws(
      () => judgeEvidence({ ...evidence, second: evidence.first }),
      ({ cause }: Error) => cause === undefined,
    )
  })
})

describe('parseEvidence', () => {
  const parse = (document: unknown): Evidence =>
    parseEvidence(Buffer.from(JSON.stringify(document)))
  const format = 'jarswarm evidence 1'
  const bytes = 'AAAA'
  const digest = 'a'.repeat(64)
  const pair = { format, roots: [bytes], first: bytes, second: bytes }
  const history = { ...pair, kind: 'rewritten-history', root: digest, proof: [digest] }
  const indexed = { manifest: bytes, nodes: [bytes] }
  const logged = { manifest: bytes, line: bytes, index: 7, proof: [digest] }
  const digests = {
    ...{ format, kind: 'second-digest', path: JAR, roots: [] },
    ...{ first: indexed, second: logged },
  }

  it('reads every kind', () => {
    for (const kind of ['two-roots', 'two-stories'])
      assert.equal(parse({ ...pair, kind }).kind, kind)
    assert.deepEqual(parse(history).kind, 'rewritten-history')
    assert.deepEqual(parse(digests).kind, 'second-digest')
  })

  it('reads a file of MAX_EVIDENCE_BYTES, and none beyond it', () => {
    const text = JSON.stringify({ ...pair, kind: 'two-roots' })
    assert.equal(parseEvidence(Buffer.from(text.padEnd(MAX_EVIDENCE_BYTES))).kind, 'two-roots')
    assert.throws(
      () => parseEvidence(Buffer.from(text.padEnd(MAX_EVIDENCE_BYTES + 1))),
      /found .* bytes, wanted at most/,
    )
  })

  const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
    ['null', null, /no object/],
    ['a list', [], /format/],
    ['another format', { ...pair, kind: 'two-roots', format: 'jarswarm evidence 2' }, /format/],
    ['another kind', { ...pair, kind: 'three-roots' }, /format/],
    ['a kind that is no text', { ...pair, kind: 7 }, /format/],
    ['roots that are no list', { ...pair, kind: 'two-roots', roots: bytes }, /no list/],
    ['a root that is no text', { ...pair, kind: 'two-roots', roots: [7] }, /no base64/],
    ['bytes that are none', { ...pair, kind: 'two-roots', first: '#' }, /no base64/],
    ['digits that are no digest', { ...history, root: 'abc' }, /no digest/],
    ['a list for a digest', { ...history, root: [digest] }, /no digest/],
    ['a number in a proof', { ...history, proof: [7] }, /no digest/],
    ['a path that is no text', { ...digests, path: 7 }, /no path/],
    ['a statement that is none', { ...digests, first: null }, /no object/],
    ['a line at no place', { ...digests, second: { ...logged, index: 0.5 } }, /its place/],
  ]
  for (const [what, document, pattern] of REFUSED) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parse(document),
        (error) => error instanceof InvalidEvidenceError && pattern.test(error.message),
      )
    })
  }

  it('refuses what is not JSON', () => {
    assert.throws(() => parseEvidence(Buffer.from('')), InvalidEvidenceError)
  })
})
