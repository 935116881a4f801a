import assert from 'node:assert/strict'
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, startJarswarm } from './_jarswarm.ts'
import { serve } from './_serve.ts'

const POM = 'org/example/lib/1.0/lib-1.0.pom'

interface Place {
  readonly directory: string
  readonly state: string
  readonly tree: string
  /** `--state` and `--tree`. */
  readonly where: readonly string[]
  readonly link: string
}

/** A published repository of one file, in a directory that the test removes. */
async function publish(t: TestContext, origin: string): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-mirrors-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  const [state, tree] = [join(directory, 'state'), join(directory, 'tree')]
  mkdirSync(dirname(join(tree, POM)), { recursive: true })
  writeFileSync(join(tree, POM), '<project/>')
  const made = await runJarswarm([
    ...['repo', 'init', '--state', state, '--name', 'sample'],
    ...['--origin', origin, '--json'],
  ])
  const { link } = JSON.parse(made.stdout) as { link: string }
  const where = ['--state', state, '--tree', tree]
  assert.equal((await runJarswarm(['repo', 'publish', ...where])).code, 0)
  return { directory, state, tree, where, link }
}

/** A web server of a directory, whose files a test may replace. */
function serveFiles(
  t: TestContext,
  files: { root: string; readonly wrong: Map<string, string> },
): Promise<string> {
  return serve(t, (request, response) => {
    const path = (request.url ?? '').slice(1)
    const wrong = files.wrong.get(path)
    if (wrong !== undefined) {
      response.end(wrong)
      return
    }
    const stream = createReadStream(join(files.root, path))
    stream.once('error', () => response.writeHead(404).end())
    stream.pipe(response)
  })
}

describe('jarswarm repo mirrors', () => {
  it('adds, lists and removes', async (t) => {
    const files = { root: '', wrong: new Map<string, string>() }
    const url = await serveFiles(t, files)
    const { tree, state, where } = await publish(t, 'http://127.0.0.1:9/')
    files.root = tree
    const added = await runJarswarm(['repo', 'mirrors', 'add', url, ...where, '--json'])
    assert.deepEqual(JSON.parse(added.stdout), { seq: 1, mirrors: [url], changed: true })
    const listed = await runJarswarm(['repo', 'mirrors', 'list', '--state', state, '--json'])
    assert.deepEqual(JSON.parse(listed.stdout), { mirrors: [url] })
    const removed = await runJarswarm(['repo', 'mirrors', 'remove', url, ...where, '--json'])
    assert.deepEqual(JSON.parse(removed.stdout), { seq: 1, mirrors: [], changed: true })
  })

  it('refuses a mirror that is away, poor or wrong, unless it is told not to look', async (t) => {
    const files = { root: '/nonexistent', wrong: new Map<string, string>() }
    const url = await serveFiles(t, files)
    const { tree, where } = await publish(t, 'http://127.0.0.1:9/')
    const add = (...more: string[]): ReturnType<typeof runJarswarm> =>
      runJarswarm(['repo', 'mirrors', 'add', url, ...where, ...more])
    const poor = await add()
    assert.equal(poor.code, 3)
    assert.match(poor.stderr, /found none of the files/)
    files.root = tree
    files.wrong.set(POM, '<PROJECT/>')
    const wrong = await add()
    assert.equal(wrong.code, 3)
    assert.match(wrong.stderr, /other bytes than the signed ones at org\/example/)
    files.wrong.clear()
    files.wrong.set('.jarswarm/manifest', 'nonsense')
    const odd = await add()
    assert.equal(odd.code, 3)
    assert.match(odd.stderr, /contradicts what is signed/)
    assert.equal((await add('--no-check')).code, 0)
  })

  it('calls a URL that no mirror may have, and a missing place, wrong usage', async (t) => {
    const { state, where } = await publish(t, 'http://127.0.0.1:9/')
    for (const url of ['ftp://a.example/', 'https://u:p@a.example/', 'https://a.example/?q']) {
      const { code, stderr } = await runJarswarm(['repo', 'mirrors', 'add', url, ...where])
      assert.equal(code, 2, stderr)
    }
    const placeless = ['repo', 'mirrors', 'remove', 'https://a.example/', '--state', state]
    assert.equal((await runJarswarm(placeless)).code, 2)
  })
})

describe('jarswarm mirrors', () => {
  it('shows how origin and mirrors agree, and fails when one does not', async (t) => {
    const files = { root: '', wrong: new Map<string, string>() }
    const origin = await serveFiles(t, files)
    const mirror = { root: '', wrong: new Map<string, string>() }
    const url = await serveFiles(t, mirror)
    const { directory, tree, where, link } = await publish(t, origin)
    files.root = tree
    mirror.root = tree
    assert.equal((await runJarswarm(['repo', 'mirrors', 'add', url, ...where])).code, 0)
    const data = join(directory, 'data')
    const node = await startJarswarm(t, [
      ...['start', '--data', data, '--join', link, '--http', '127.0.0.1:0', '--https', 'off'],
      ...['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--json'],
    ])
    const answer = await fetch(`${String(node.ready['http'])}/sample/${POM}`)
    assert.equal(answer.status, 200)
    const well = await runJarswarm(['mirrors', '--data', data])
    assert.equal(well.code, 0, well.stderr)
    assert.match(well.stdout, /^REPOSITORY +KIND +HEALTH/)
    assert.match(well.stdout, /sample +origin +well .* same +1 right/)
    assert.match(
      well.stdout,
      new RegExp(`sample +mirror +well .* same +1 right.*${url.slice(0, -1)}`),
    )
    mirror.wrong.set(POM, '<PROJECT/>')
    const wrong = await runJarswarm(['mirrors', '--data', data])
    assert.equal(wrong.code, 1)
    assert.match(
      wrong.stderr,
      new RegExp(`${url.slice(0, -1)} has other bytes than the signed ones at ${POM}`),
    )
  })
})

describe('jarswarm start --public', () => {
  it('wants a mirror, and a plain URL', async () => {
    const alone = await runJarswarm(['start', '--public', 'https://mirror.example/'])
    assert.equal(alone.code, 2)
    assert.match(alone.stderr, /--mirror all/)
    const odd = ['start', '--mirror', 'all', '--public', 'https://mirror.example/?q']
    assert.equal((await runJarswarm(odd)).code, 2)
  })
})
