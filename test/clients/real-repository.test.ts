import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { countBlobs } from '../_count-blobs.ts'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'

/** Scripts that build the repository and drive the clients; they stand beside a checkout, not in it. */
const SCRIPTS = fileURLToPath(new URL('../../../shared/clients/', import.meta.url))
const CLIENTS = ['lein', 'mvn', 'tools-deps', 'gradle']
const COORDINATES = [
  'cheshire:cheshire:5.11.0',
  'ring:ring-core:1.8.2',
  'org.clojure:clojure:1.11.1',
]
const NODES = 5
/** What the scripts exit with when a client cannot be installed. */
const ABSENT = 77

interface Status {
  readonly store: { readonly blobs: number }
  readonly repositories: readonly { readonly index: { readonly complete: boolean } }[]
  readonly served: { readonly bySource: Readonly<Record<string, number>> }
}

async function runScript(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('bash', args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, output }
}

const statusOf = async (node: Running): Promise<Status> =>
  (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as Status

const missing = existsSync(SCRIPTS) ? false : `needs the client scripts in ${SCRIPTS}`

describe('real clients on a real repository, its primary dead', { skip: missing }, () => {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-clients-'))
  const tree = join(work, 'tree')
  const state = join(work, 'state')
  const nodes: Running[] = []
  let primary: Running | undefined
  let absent: string | undefined

  const startNode = async (link: string, extra: readonly string[]): Promise<Running> => {
    const data = join(work, `node-${String(nodes.length)}`)
    const listen = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
    const node = await startJarswarm(['start', '--data', data, '--join', link, ...listen, ...extra])
    nodes.push(node)
    return node
  }

  before(async () => {
    const made = await runScript([join(SCRIPTS, 'make-real-repo.sh'), tree])
    if (made.code !== 0) {
      assert.notEqual(process.env['CI'], 'true', `cannot build the repository: ${made.output}`)
      absent = 'the Debian packages that the repository is made of are not here'
      return
    }
    await runJson(['repo', 'init', '--state', state, '--name', 'real'])
    const published = await runJson(['repo', 'publish', '--state', state, '--tree', tree])
    assert.equal(published['seq'], 1)
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--http', '127.0.0.1:0']
    primary = await startJarswarm([...serve, '--listen', '/ip4/127.0.0.1/tcp/0'])
    const link = String(primary.ready.link)
    const mirror = await startNode(link, ['--mirror', 'all'])
    const peer = mirror.ready.listen[0]
    assert.ok(peer !== undefined)
    for (let n = 1; n < NODES; n += 1) await startNode(link, ['--bootstrap', peer])
    const blobs = countBlobs(tree)
    await waitFor('the whole repository on the mirror', async () =>
      (await statusOf(mirror)).store.blobs >= blobs ? true : undefined,
    )
    for (const node of nodes) {
      await waitFor('the whole index', async () =>
        (await statusOf(node)).repositories[0]?.index.complete === true ? true : undefined,
      )
    }
    await primary.stop('SIGKILL')
  })

  after(async () => {
    await primary?.stop('SIGKILL')
    await Promise.all(nodes.map((node) => node.stop()))
    rmSync(work, { recursive: true, force: true })
  })

  for (const [index, client] of CLIENTS.entries()) {
    it(`serves ${client} from peers alone`, async (t) => {
      if (absent !== undefined) {
        t.skip(absent)
        return
      }
      const node = nodes[1 + (index % (NODES - 1))]
      assert.ok(node !== undefined)
      const { code, output } = await runScript(
        [join(SCRIPTS, `${client}.sh`), `${String(node.ready.http)}/real/`, ...COORDINATES],
        { REF_DIR: tree },
      )
      if (code === ABSENT && process.env['CI'] !== 'true') {
        t.skip(`${client} is not installed`)
        return
      }
      assert.equal(code, 0, output)
      const { bySource } = (await statusOf(node)).served
      assert.equal(bySource['origin'], 0)
      assert.ok((bySource['peer'] ?? 0) > 0, 'nothing came from a peer')
    })
  }

  it('stores nothing wrong', async (t) => {
    if (absent !== undefined) {
      t.skip(absent)
      return
    }
    for (const index of nodes.keys()) {
      const check = await runJarswarm([
        'check',
        '--json',
        '--data',
        join(work, `node-${String(index)}`),
      ])
      assert.equal(check.code, 0, check.stdout + check.stderr)
    }
  })
})
