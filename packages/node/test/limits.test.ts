import assert from 'node:assert/strict'
import { request } from 'node:http'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { MAX_CLIENT_CONNECTIONS } from '@jarswarm/endpoint'
import { sealDocument } from '@jarswarm/files'
import type { BlobStore } from '@jarswarm/ports'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import { checkStore } from '../src/check-store.ts'
import { ControlServer } from '../src/control-server.ts'
import { controlSocketPath } from '../src/control-socket.ts'
import { DenyList } from '../src/deny/deny-list.ts'
import { ControlClient } from '../src/index.ts'
import type { NodeControl } from '../src/index.ts'
import { allowedHandles, openHandles, planHandles } from '../src/limits/file-handles.ts'
import { reportLimits } from '../src/limits/limit-report.ts'
import { MAX_BODY_BYTES, MAX_CHECK_FINDINGS, MAX_DENIALS } from '../src/limits/limits.ts'
import { startNode, temporaryDirectory } from './_swarm.ts'

const NEEDS = { swarm: 300, followed: 1, proxied: 1, listeners: 2 }

const sumOf = (plan: ReturnType<typeof planHandles>): number =>
  Object.values(plan.parts.limits).reduce((sum, { value }) => sum + value, 0)

describe('planHandles', () => {
  it('gives clients all that they may have where the system allows much, or says nothing', () => {
    for (const allowed of [524_288, undefined]) {
      const plan = planHandles(allowed, NEEDS)
      assert.equal(plan.clientConnections, MAX_CLIENT_CONNECTIONS)
      assert.equal(plan.enough, true)
    }
  })

  it('takes fewer clients where the system allows 1 024, so that all fits', () => {
    const plan = planHandles(1_024, NEEDS)
    assert.equal(plan.enough, false)
    assert.ok(plan.clientConnections < MAX_CLIENT_CONNECTIONS)
    assert.ok(sumOf(plan) <= 1_024)
    assert.ok(sumOf(planHandles(1_024, { ...NEEDS, followed: 0, proxied: 0 })) <= 1_024)
  })

  it('leaves clients a few where the system allows next to nothing', () => {
    const plan = planHandles(256, NEEDS)
    assert.equal(plan.enough, false)
    assert.ok(plan.clientConnections > 0)
  })

  it(
    'knows what the system allows and what is open',
    { skip: process.platform === 'win32' },
    () => {
      const [open = 0, allowed = 0] = [openHandles(), allowedHandles()]
      assert.ok(open > 3 && open < allowed)
    },
  )
})

describe('reportLimits', () => {
  const groups = [
    { title: 'Things', limits: { MAX_THINGS: { value: 9, unit: 'things', why: 'w' } } },
  ]

  it('says what is in force and used now', () => {
    assert.deepEqual(reportLimits(groups, { MAX_THINGS: { value: 5, now: 2 } }), [
      {
        title: 'Things',
        fixed: false,
        limits: [{ name: 'MAX_THINGS', value: 5, unit: 'things', why: 'w', now: 2 }],
      },
    ])
  })

  it('takes nothing of a bound that there is not', () => {
    assert.throws(() => reportLimits(groups, { MAX_OTHERS: { now: 1 } }), RangeError)
  })
})

describe('limits', () => {
  it('are those of the running node, with what it uses of them', async (t) => {
    const dataDir = join(temporaryDirectory(t), 'data')
    await startNode(t, { dataDir, links: [], quotaBytes: 1_000_000 })
    const groups = await new ControlClient(dataDir).limits()
    const lines = new Map(groups.flatMap(({ limits }) => limits).map((one) => [one.name, one]))
    assert.deepEqual(
      [lines.get('DEFAULT_QUOTA_BYTES')?.value, lines.get('DEFAULT_QUOTA_BYTES')?.now],
      [1_000_000, 0],
    )
    assert.equal(lines.get('MAX_CONNECTIONS')?.now, 0)
    assert.equal(lines.get('MAX_REPOSITORIES')?.now, 0)
    assert.ok((lines.get('allowed')?.now ?? 0) > 3)
    assert.ok(groups.some(({ fixed }) => fixed))
  })
})

describe('the control socket', () => {
  it('takes a command of MAX_BODY_BYTES, and none longer', async (t) => {
    const dataDir = temporaryDirectory(t)
    const control = { lookUp: () => Promise.resolve([]) } as unknown as NodeControl
    const server = new ControlServer({ control, logger: silentLogger }, { dataDir })
    await server.start()
    t.after(() => server.stop())
    const post = (sizeBytes: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            socketPath: controlSocketPath(dataDir),
            path: '/look-up',
            method: 'POST',
            headers: { 'Content-Length': sizeBytes },
          },
          (answer) => {
            answer.resume()
            sent.destroy()
            resolve(answer.statusCode ?? 0)
          },
        )
        sent.on('error', reject)
        sent.write('{"paths":[]}'.padEnd(Math.min(sizeBytes, MAX_BODY_BYTES)))
      })
    assert.equal(await post(MAX_BODY_BYTES), 200)
    assert.equal(await post(MAX_BODY_BYTES + 1), 400)
  })
})

describe('the deny list', () => {
  it('has MAX_DENIALS, and no more', async (t) => {
    const dataDir = temporaryDirectory(t)
    const since = new Date(0).toISOString()
    const denied = Array.from({ length: MAX_DENIALS - 1 }, (_, at) => ({
      what: `g/${String(at)}`,
      reason: null,
      since,
    }))
    writeFileSync(join(dataDir, 'deny.json'), sealDocument({ format: 'jarswarm deny 1', denied }))
    const list = new DenyList({ clock: new ManualClock() }, { dataDir })
    await list.load()
    assert.equal(await list.change({ add: { what: 'g/last', reason: null } }), true)
    await assert.rejects(list.change({ add: { what: 'g/more', reason: null } }), RangeError)
    assert.equal(list.all.length, MAX_DENIALS)
  })
})

describe('checkStore', () => {
  it('names MAX_CHECK_FINDINGS, and counts all', async () => {
    const blobs = {
      async *check() {
        await Promise.resolve()
        for (let count = 0; count < MAX_CHECK_FINDINGS + 3; count += 1) yield { kind: 'missing' }
      },
      usage: () => ({ blobs: 0, bytes: 0, quotaBytes: 0 }),
    } as unknown as BlobStore
    const { findings, findingCount } = await checkStore(
      { blobs, countDamagedValues: () => Promise.resolve(0) },
      {},
    )
    assert.equal(findings.length, MAX_CHECK_FINDINGS)
    assert.equal(findingCount, MAX_CHECK_FINDINGS + 3)
  })
})
