import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { RepositoryStatus } from '@jarswarm/ports'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { runJarswarm, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { addVersion, jarBytes, jarOf } from './_tiny-repository.ts'

const TCP = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
/** More than a publisher on the same machine holds the lock for. */
const LOCK = { waitMs: 30_000 }

/** A tree with the state directory that signs it. */
class Publisher {
  readonly stateDir: string
  readonly treeDir: string

  constructor(directory: string) {
    this.stateDir = join(directory, 'state')
    this.treeDir = join(directory, 'tree')
  }

  get published(): string {
    return join(this.treeDir, '.jarswarm')
  }

  async publish(...versions: readonly string[]): Promise<void> {
    for (const version of versions) {
      addVersion(this.treeDir, version)
      await publishTree({ stateDir: this.stateDir, treeDir: this.treeDir, lock: LOCK })
    }
  }

  /** Whoever stole this publisher: the same keys and the same past. */
  fork(directory: string): Publisher {
    const fork = new Publisher(directory)
    cpSync(this.stateDir, fork.stateDir, { recursive: true })
    cpSync(this.treeDir, fork.treeDir, { recursive: true })
    return fork
  }
}

interface Follower {
  readonly name: string
  readonly node: Running
  readonly dataDir: string
}

interface Scene {
  readonly work: string
  readonly id: string
  readonly honest: Publisher
  /** A full mirror, and a node that keeps what it was asked for. */
  readonly followers: readonly Follower[]
}

async function startScene(t: TestContext): Promise<Scene> {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-history-'))
  const running: Running[] = []
  t.after(async () => {
    await Promise.all(running.map((node) => node.stop()))
    rmSync(work, { recursive: true, force: true })
  })
  const honest = new Publisher(join(work, 'honest'))
  const { stateDir, treeDir } = honest
  const { id } = await initRepository({ stateDir, name: 'tiny' })
  await honest.publish('1.0')
  const server = await startJarswarm([
    ...['repo', 'serve', '--state', stateDir, '--tree', treeDir],
    ...TCP,
  ])
  running.push(server)
  const follow = async (name: string, ...more: readonly string[]): Promise<Follower> => {
    const dataDir = join(work, name)
    const join_ = ['--join', String(server.ready.link), '--no-mdns']
    const node = await startJarswarm(['start', '--data', dataDir, ...join_, ...TCP, ...more])
    running.push(node)
    return { name, node, dataDir }
  }
  const followers = await Promise.all([follow('mirror', '--mirror', 'all'), follow('cache')])
  for (const follower of followers) await untilInUse(follower, 1)
  return { work, id, honest, followers }
}

async function statusOf({ node }: Follower): Promise<RepositoryStatus> {
  const answer = await fetch(`${String(node.ready.http)}/-/status`)
  const { repositories } = (await answer.json()) as {
    readonly repositories: readonly RepositoryStatus[]
  }
  const [first] = repositories
  assert.ok(first)
  return first
}

async function get({ node }: Follower, path: string): Promise<Response> {
  return await fetch(`${String(node.ready.http)}/tiny/${path}`)
}

async function assertServes(follower: Follower, version: string): Promise<void> {
  const answer = await get(follower, jarOf(version))
  assert.equal(answer.status, 200, `${follower.name}: ${answer.statusText}`)
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), jarBytes(version))
}

/** Wait for a condition of a node that looks for a newer head meanwhile. */
const untilStatus = (
  follower: Follower,
  what: string,
  isReached: (status: RepositoryStatus) => boolean,
): Promise<RepositoryStatus> =>
  waitFor(`${what} at the ${follower.name}`, async () => {
    // As any request for what is absent makes it.
    await (await get(follower, 'a/none.jar')).arrayBuffer()
    const status = await statusOf(follower)
    return isReached(status) ? status : undefined
  })

const untilInUse = (follower: Follower, seq: number): Promise<RepositoryStatus> =>
  untilStatus(
    follower,
    `head ${String(seq)}`,
    ({ head, history, index }) => head?.seq === seq && history?.heldBack === null && index.complete,
  )

async function assertHistory({ dataDir }: Follower, heads: readonly number[]): Promise<void> {
  const at = ['--data', dataDir]
  const path = jarOf('1.0')
  const whole = await runJarswarm(['verify-history', 'tiny', ...at, '--json'])
  assert.equal(whole.code, 0, whole.stderr)
  const [report] = JSON.parse(whole.stdout) as readonly {
    readonly heads: readonly { readonly seq: number }[]
    readonly inconsistent: readonly number[]
    readonly replay: { readonly mismatch?: unknown } | undefined
  }[]
  assert.deepEqual(
    report?.heads.map(({ seq }) => seq),
    heads,
  )
  assert.deepEqual([report.inconsistent, report.replay?.mismatch], [[], undefined])
  const events = await runJarswarm(['history', `tiny/${path}`, ...at])
  assert.equal(events.code, 0, events.stderr)
  assert.match(events.stdout, /^head 1 of \S+: first published, SHA-256 [0-9a-f]{64}$/m)
}

/** A contradiction is proven to somebody who has nothing but the file. */
async function assertProven({ work, id }: Scene, file: string, kind: string): Promise<void> {
  const copy = join(work, 'evidence.json')
  cpSync(file, copy)
  const env = { HOME: join(work, 'elsewhere'), XDG_DATA_HOME: join(work, 'elsewhere') }
  const { code, stdout, stderr } = await runJarswarm(['evidence', copy], { env })
  assert.equal(code, 0, stderr)
  assert.match(stdout, new RegExp(`^PROVEN \\(${kind}\\): `))
  assert.ok(stdout.includes(`of tiny, repository id ${id}.`), stdout)
}

/** A file that somebody changed proves nothing. */
async function assertForgeryProvesNothing({ work }: Scene, file: string): Promise<void> {
  const copy = join(work, 'forgery.json')
  const text = readFileSync(file, 'utf8')
  const { second } = JSON.parse(text) as { readonly second: string }
  const forged = Buffer.from(second, 'base64')
  forged.writeUInt8(forged.readUInt8(forged.length >> 1) ^ 1, forged.length >> 1)
  writeFileSync(copy, text.replace(second, forged.toString('base64')))
  const doubted = await runJarswarm(['evidence', copy])
  assert.equal(doubted.code, 1)
  assert.match(doubted.stdout, /^Proves nothing: /)
}

/** Have the server publish what somebody else signed with its keys; returns what brings its own back. */
function usurp(honest: Publisher, thief: Publisher): () => void {
  const aside = join(honest.treeDir, '..', 'aside')
  const own = honest.published
  const staged = join(honest.treeDir, '..', 'staged')
  cpSync(thief.published, staged, { recursive: true })
  renameSync(own, aside)
  renameSync(staged, own)
  return () => {
    renameSync(own, staged)
    renameSync(aside, own)
  }
}

const evidenceFile = ({ dataDir }: Follower, { evidence = [] }: RepositoryStatus): string =>
  join(dataDir, 'evidence', evidence[0] ?? 'none')

describe('the history of a repository, over real processes', () => {
  it('is shown and checked, and one that is rewritten refused for good', async (t) => {
    const scene = await startScene(t)
    const { work, honest, followers } = scene
    await honest.publish('1.1')
    for (const follower of followers) {
      await untilInUse(follower, 2)
      await assertServes(follower, '1.0')
    }
    const [mirror] = followers
    assert.ok(mirror)
    const unknown = await runJarswarm(['history', 'tiny/a/none.jar', '--data', mirror.dataDir])
    assert.equal(unknown.code, 1)
    assert.match(unknown.stdout, /not named in the history up to head 2/)

    const thief = honest.fork(join(work, 'thief'))
    await honest.publish('1.2')
    for (const follower of followers) await untilInUse(follower, 3)

    // Head 3 never was, says head 5.
    await thief.publish('6.6', '6.7', '6.8')
    const restore = usurp(honest, thief)
    for (const follower of followers) {
      const status = await untilStatus(
        follower,
        'the refusal',
        ({ history }) => history?.heldBack?.refused === true,
      )
      assert.equal(status.history?.heldBack?.seq, 5)
      assert.match(status.evidence?.[0] ?? '', /^rewritten-history-/)
      await assertServes(follower, '1.2')
      await assertServes(follower, '1.0')
      // The newest head may name it, but nobody believes that.
      assert.equal((await get(follower, jarOf('6.8'))).status, 424)
      const file = evidenceFile(follower, status)
      await assertProven(scene, file, 'rewritten-history')
      const { stdout } = await runJarswarm(['status', '--data', follower.dataDir])
      assert.match(stdout, /^REFUSED {7}tiny: Cannot use head 5: .* rewrites the first 6 lines/m)
      assert.ok(stdout.includes(`jarswarm evidence ${file}\n`), stdout)
    }

    // The truth again, further on than the lie: a head of the number of the lie would contradict it.
    restore()
    await honest.publish('1.3', '1.4', '1.5', '1.6')
    for (const follower of followers) {
      const { evidence } = await untilInUse(follower, 7)
      await assertServes(follower, '1.6')
      assert.equal((await get(follower, jarOf('6.8'))).status, 404)
      assert.ok(evidence?.some((name) => name.startsWith('rewritten-history-')))
    }
    await Promise.all(followers.map((follower) => assertHistory(follower, [1, 2, 3, 7])))
  })

  it('with two heads of one number is told apart by all', async (t) => {
    const scene = await startScene(t)
    const { work, honest, followers } = scene
    const thief = honest.fork(join(work, 'thief'))
    await honest.publish('1.1')
    for (const follower of followers) await untilInUse(follower, 2)
    await thief.publish('6.6')
    usurp(honest, thief)
    for (const follower of followers) {
      const status = await untilStatus(
        follower,
        'the evidence',
        ({ evidence }) => evidence?.length === 1,
      )
      assert.equal(status.head?.seq, 2)
      await assertServes(follower, '1.1')
      assert.notEqual((await get(follower, jarOf('6.6'))).status, 200)
      await assertProven(scene, evidenceFile(follower, status), 'two-stories')
      if (follower === followers[0]) {
        await assertForgeryProvesNothing(scene, evidenceFile(follower, status))
      }
    }
  })
})
