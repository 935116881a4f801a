import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OriginLostError } from '@jarswarm/http'
import { TreeShrunkError } from '../src/index.ts'
import { readPublished } from './_reader.ts'
import type { Trick } from './_origin.ts'
import { createSetting } from './_setting.ts'
import { START_MS } from './_temporary.ts'

const POM = 'a/b/1.0/b-1.0.pom'
const METADATA = 'a/b/maven-metadata.xml'
const LARGE = Buffer.alloc(600_000, 7)

describe('publishFrom, from an origin that is of little help', () => {
  it('lets files wait that cannot be had, and publishes the others', async (t) => {
    const { origin, publish } = await createSetting(t, {
      'a/cut.jar': LARGE,
      'a/loop.jar': 'x',
      'a/fails.jar': 'x',
      'a/forbidden.jar': 'x',
      'a/packed.jar': 'x',
      'a/silent.jar': 'x',
      [POM]: 'one',
    })
    origin.trick = (request, response) => {
      const name = request.url?.split('/').at(-1)
      if (name === 'cut.jar') {
        response.writeHead(200, { 'content-length': LARGE.length }).write(LARGE.subarray(0, 1000))
        response.socket?.end()
      } else if (name === 'loop.jar') response.writeHead(302, { location: request.url }).end()
      else if (name === 'fails.jar') response.writeHead(500).end()
      else if (name === 'forbidden.jar') response.writeHead(403).end()
      else if (name === 'packed.jar') {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
      }
      return /(?:cut|loop|fails|forbidden|packed|silent)\.jar$/.test(name ?? '')
    }
    const report = await publish(undefined, { firstByteTimeoutMs: 100 })
    assert.deepEqual(
      report.waiting.map(({ path }) => path),
      ['a/cut.jar', 'a/fails.jar', 'a/forbidden.jar', 'a/loop.jar', 'a/packed.jar', 'a/silent.jar'],
    )
    assert.equal(report.files, 1)
    const times = (path: string): number => origin.asked.filter((asked) => asked === path).length
    assert.deepEqual([times('a/fails.jar'), times('a/forbidden.jar')], [4, 1])
  })

  it('leaves the origin alone, all of it, for as long as it asks', async (t) => {
    const { origin, publish } = await createSetting(
      t,
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a/${String(i)}.jar`, String(i)])),
    )
    const pauses: number[] = []
    let refusedAt = 0
    let early = 0
    origin.trick = (_request, response) => {
      if (refusedAt === 0) {
        refusedAt = performance.now()
        response.writeHead(429, { 'retry-after': '1' }).end()
        return true
      }
      // What was sent before the refusal was read may still arrive, no more than one request a connection.
      if (performance.now() - refusedAt < 900) early += 1
      return false
    }
    const report = await publish(undefined, { onPause: (ms) => pauses.push(ms), concurrency: 4 })
    assert.deepEqual([report.files, pauses], [20, [1000]])
    assert.ok(early <= 8, `${String(early)} requests during the pause`)
  })

  it('waits as a server under repair asks, and retries one that says nothing of it', async (t) => {
    const { origin, publish } = await createSetting(t, { [POM]: 'one', 'a/plain.jar': 'x' })
    const pauses: number[] = []
    const left = new Map([
      [POM, 1],
      ['a/plain.jar', 1],
    ])
    origin.trick = (request, response) => {
      const path = request.url?.slice('/repo/'.length) ?? ''
      const refusals = left.get(path) ?? 0
      if (refusals === 0) return false
      left.set(path, refusals - 1)
      response.writeHead(503, path === POM ? { 'retry-after': '1' } : {}).end()
      return true
    }
    const report = await publish(undefined, { onPause: (ms) => pauses.push(ms) })
    assert.deepEqual([report.files, report.waiting, pauses], [2, [], [1000]])
  })

  it('publishes nothing at first, and fails, when nothing can be read', async (t) => {
    const { origin, outDir, publish } = await createSetting(t, { [POM]: 'one', 'a/b.jar': 'x' })
    const isAway: Trick = (_request, response) => {
      response.socket?.resetAndDestroy()
      return true
    }
    origin.trick = isAway
    await assert.rejects(publish(), /none of 2 files could be read, the last one with: /)
    assert.equal(await readPublished(outDir), undefined)
    origin.trick = undefined
    await publish()
    origin.files.set(METADATA, Buffer.from('x'))
    origin.trick = isAway
    // What is published is signed anew all the same.
    const nowMs = START_MS + 7_200_000
    const change = { isChanges: true, nowMs }
    await assert.rejects(publish([METADATA], change), OriginLostError)
    const read = await readPublished(outDir)
    assert.deepEqual([read?.timestampVersion, read?.files.size], [2, 2])
    // A server that refuses is one that answers.
    origin.trick = (_request, response) => {
      response.writeHead(403).end()
      return true
    }
    assert.equal((await publish([METADATA], change)).waiting.length, 1)
  })

  it('gives up an origin that fails for every file, and says how to go on', async (t) => {
    const { origin, publish } = await createSetting(
      t,
      Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`a/${String(i)}.jar`, String(i)])),
    )
    origin.trick = (_request, response) => {
      response.writeHead(500).end()
      return true
    }
    await assert.rejects(publish(), OriginLostError)
  })

  it('does not take an origin that has lost its mutable files at its word', async (t) => {
    const names = Array.from({ length: 12 }, (_, i) => `a/${String(i)}/maven-metadata.xml`)
    const jars = Array.from({ length: 30 }, (_, i) => `a/${String(i)}.jar`)
    const { origin, publish } = await createSetting(
      t,
      Object.fromEntries([...names, ...jars].map((path) => [path, path])),
    )
    await publish()
    for (const name of names) origin.files.delete(name)
    await assert.rejects(publish([...names, ...jars]), TreeShrunkError)
    assert.equal((await publish(names, { allowShrink: true })).removed, 12)
  })

  it('stops when it is told to, keeps what was seen, and publishes nothing half', async (t) => {
    const { origin, outDir, publish } = await createSetting(
      t,
      Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`a/${String(i)}.jar`, String(i)])),
    )
    const controller = new AbortController()
    origin.trick = (request) => {
      if (request.url?.endsWith('/5.jar') !== true) return false
      controller.abort(new Error('stopped'))
      return true
    }
    await assert.rejects(
      publish(undefined, { signal: controller.signal, concurrency: 1 }),
      /stopped/,
    )
    assert.equal(await readPublished(outDir), undefined)
    origin.trick = undefined
    const before = origin.sent.length
    assert.equal((await publish()).files, 9)
    assert.equal(origin.sent.length - before, 9 - before)
  })
})
