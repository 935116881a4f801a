import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { sampleStatement } from '../src/audit/remote/sample-statement.ts'
import { follow, writeArtifact } from './_followed.ts'
import { runJarswarm } from './_jarswarm.ts'

const SAME = 'org/example/a/1/a-1.jar'
const METADATA = 'org/example/a/maven-metadata.xml'
const at = (name: string): string => `org/example/${name}/1/${name}-1.jar`

interface Server {
  readonly url: string
  readonly files: Map<string, string>
  readonly asked: string[]
  readonly agents: Set<string>
  /** Answers in place of the server; true when it did. */
  trick: (path: string, response: ServerResponse, request: IncomingMessage) => boolean
}

async function serve(t: TestContext, files: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice('/m/'.length))
    made.asked.push(`${request.method ?? ''} ${path}`)
    made.agents.add(request.headers['user-agent'] ?? '')
    if (made.trick(path, response, request)) return
    const text = made.files.get(path)
    if (text === undefined) response.writeHead(404).end('none')
    else {
      const headers = { 'content-length': text.length, 'last-modified': new Date(0).toUTCString() }
      response.writeHead(200, headers).end(text)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const made: Server = {
    url: `http://127.0.0.1:${String(port)}/m/`,
    files: new Map(Object.entries(files)),
    asked: [],
    agents: new Set(),
    trick: () => false,
  }
  return made
}

interface Report {
  readonly files: number
  readonly same: number
  readonly unread: number
  readonly otherDates: number
  readonly differences: {
    readonly kind: string
    readonly path: string
    readonly found: { readonly digest: string | null } | null
    readonly remark?: string
  }[]
}

async function audit(
  ...args: readonly string[]
): Promise<{ code: number | null; report: Report; stderr: string }> {
  const { code, stdout, stderr } = await runJarswarm(['audit', ...args, '--json'])
  return { code, stderr, report: JSON.parse(stdout) as Report }
}

/** More than is read of a file that is longer than signed. */
const TOO_LONG = 1_100_000
const NAMES = ['changed', 'length', 'page', 'cut', 'missing', 'checksum'] as const

describe('jarswarm audit URL', () => {
  it('finds a mirror in order, politely, and says what that means', async (t) => {
    const files = { [SAME]: 'a jar', [METADATA]: '<metadata/>' }
    const { data } = await follow(t, files)
    const mirror = await serve(t, { ...files, [`${SAME}.sha1`]: sha1('a jar') })
    let refusals = 1
    mirror.trick = (_path, response) => {
      if (refusals === 0) return false
      refusals -= 1
      response.writeHead(429, { 'retry-after': '1' }).end()
      return true
    }
    const shown = await runJarswarm(['audit', mirror.url, ...data, '--contact', 'me@example.org'])
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /^2 files: 2 as signed, 0 changed\n.*head 1\.\n2 have another date/)
    assert.match(shown.stdout, /All 2 files were compared\./)
    assert.match(shown.stderr, /asks to be left alone for 1 s/)
    assert.match([...mirror.agents].join(), /^jarswarm\/\S+ \(audit; \+me@example\.org\)$/)
    const dated = await audit(mirror.url, ...data, '--strict-dates')
    assert.equal(dated.code, 1)
    assert.deepEqual(kinds(dated.report), [`date ${SAME}`, `date ${METADATA}`])
    mirror.asked.length = 0
    const heads = await audit(mirror.url, ...data, '--head-only')
    assert.deepEqual([heads.code, heads.report.same], [0, 2])
    assert.deepEqual(mirror.asked.toSorted(), [`HEAD ${SAME}`, `HEAD ${METADATA}`])
  })

  it('names each way in which a file can be wrong', async (t) => {
    const good = Object.fromEntries(NAMES.map((name) => [at(name), `the jar ${name}`]))
    const { data } = await follow(t, { ...good, [SAME]: 'a jar', [at('fails')]: 'x' })
    const mirror = await serve(t, { ...good, [SAME]: 'a jar' })
    mirror.files.set(at('changed'), 'THE JAR changed')
    mirror.files.set(at('length'), 'x'.repeat(TOO_LONG))
    mirror.files.set(at('page'), '<!DOCTYPE html><title>Not here</title>')
    mirror.files.delete(at('missing'))
    mirror.files.set(`${at('checksum')}.md5`, 'f'.repeat(32))
    mirror.trick = (path, response) => {
      if (path === at('fails')) response.writeHead(403).end()
      if (path === at('cut')) {
        response.writeHead(200, { 'content-length': 11 }).write('the')
        response.socket?.end()
      }
      return path === at('fails') || path === at('cut')
    }
    const { code, report } = await audit(mirror.url, ...data, '--full')
    assert.equal(code, 1)
    assert.deepEqual(kinds(report), NAMES.map((name) => `${name} ${at(name)}`).toSorted())
    assert.deepEqual([report.files, report.same, report.unread], [8, 2, 1])
    const changed = report.differences.find(({ kind }) => kind === 'changed')
    assert.equal(changed?.found?.digest?.length, 64)
  })

  it('tells an earlier state of a mutable file from one that nobody signed', async (t) => {
    const { data, tree, publish } = await follow(t, { [METADATA]: 'one', [SAME]: 'a jar' })
    const mirror = await serve(t, { [METADATA]: 'one', [SAME]: 'a jar' })
    writeArtifact(tree, METADATA, 'second')
    await publish()
    const older = await audit(mirror.url, ...data)
    assert.deepEqual([older.code, kinds(older.report)], [1, [`older ${METADATA}`]])
    mirror.files.set(METADATA, 'third')
    const newer = await audit(mirror.url, ...data)
    assert.deepEqual(kinds(newer.report), [`newer ${METADATA}`])
    assert.match(newer.report.differences[0]?.remark ?? '', /made up: no head ever named it/)
  })

  it('tells what was compared when it is interrupted', async (t) => {
    const files = { [at('a')]: 'one', [at('b')]: 'two', [at('c')]: 'three' }
    const { data } = await follow(t, files)
    const mirror = await serve(t, files)
    const interrupt = new Promise((resolve) => {
      mirror.trick = (path) => {
        if (path === at('b')) resolve(path)
        return path === at('b')
      }
    })
    const command = ['audit', mirror.url, '--full', '--connections', '1', ...data]
    const { code, stdout, stderr } = await runJarswarm(command, { interrupt })
    assert.equal(code, 1)
    assert.match(stdout, /^1 files: 1 as signed/)
    assert.match(stdout, /Of 3 files 1 were compared; that says nothing of the others/)
    assert.match(stderr, /Stopped before the end/)
  })

  it('refuses what does not go together', async (t) => {
    const { data } = await follow(t, { [SAME]: 'a jar' })
    const url = 'http://127.0.0.1:9/'
    for (const [args, said] of [
      [[url, '--full', '--sample', '5'], /--full with --sample/],
      [[url, '--sample', '10001'], /a number from 1 to 10000/],
      [[url, '--repository', 'other'], /not followed; followed: demo/],
      [['.', '--head-only'], /--head-only with a directory/],
    ] as const) {
      const { code, stderr } = await runJarswarm(['audit', ...args, ...data])
      assert.equal(code, 2)
      assert.match(stderr, said)
    }
  })
})

describe('sampleStatement', () => {
  const drawn = (files: number) => ({ files, isRandom: true })

  it('promises no more than a clean sample shows', () => {
    assert.match(
      sampleStatement(drawn(1_000), 600_000),
      /95 % sure that fewer than 0\.3 % of them do/,
    )
    assert.match(sampleStatement(drawn(100), 600_000), /fewer than 2\.96 %/)
    assert.equal(sampleStatement(drawn(5), 5), 'All 5 files were compared.')
    const inOrder = { files: 100, isRandom: false }
    assert.match(sampleStatement(inOrder, 600_000), /that says nothing of the others/)
  })
})

function kinds({ differences }: Report): readonly string[] {
  return differences.map(({ kind, path }) => `${kind} ${path}`).toSorted()
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
