import { proveDirectory, sha256 } from '@jarswarm/manifest'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatEvidence, InvalidEvidenceError, judgeEvidence, parseEvidence } from '../src/index.ts'
import type { Evidence, EvidenceStatement } from '../src/index.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
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
    refuses({ kind: 'two-stories', first, second, roots: [] }, /too few roots/)
    const other = new SignedRepositoryBuilder()
    refuses({ kind: 'two-stories', first, second, roots: [other.root] }, /found/)
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

  it('refuses what is no evidence', () => {
    for (const text of ['', '{}', '[]', '{"format":"jarswarm evidence 1","kind":"x","roots":[]}']) {
      assert.throws(() => parseEvidence(Buffer.from(text)), InvalidEvidenceError)
    }
  })
})
