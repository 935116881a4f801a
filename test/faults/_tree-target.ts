import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { silentLogger } from '@jarswarm/testkit'
import { OriginServer } from '../../packages/node/src/primary/origin-server.ts'
import type { Ending } from '../swarm/_testnet.ts'
import type { ReadAnswer } from './_request-answers.ts'
import type { Draft } from './_request-draft.ts'
import { judgeBytes, MAX_REFUSAL_BYTES } from './_request-oracle.ts'
import { FILES, LARGE, largeBytes, PUBLIC_HOST } from './_request-target.ts'
import { nameByModel, splitByModel } from './_request-targets.ts'
import type { Site } from './_request-targets.ts'
import type { Target } from './_request-trial.ts'
import { RunningClock } from './_running-clock.ts'

/** The directory of the tree in which the files are, where a node has the name of its repository. */
const FOLDER = 'sample'

/** A tree behind the server of `repo serve`, with all that can be asked of it. */
export async function hostileTree(test: Ending): Promise<Target> {
  const treeDir = mkdtempSync(join(tmpdir(), 'jarswarm-hostile-tree-'))
  const files = new Map(Object.entries(FILES).map(([path, text]) => [path, Buffer.from(text)]))
  for (const [path, bytes] of [...files, [LARGE, largeBytes()] as const]) {
    const file = join(treeDir, FOLDER, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
  const clock = new RunningClock()
  const server = new OriginServer(
    { clock, logger: silentLogger },
    { treeDir, withdrawn: () => undefined },
  )
  await server.start({ host: '127.0.0.1', port: 0 })
  test.after(async () => {
    clock[Symbol.dispose]()
    await server.stop()
    rmSync(treeDir, { recursive: true })
  })
  const { host, port } = new URL(server.url)
  const site = { repository: FOLDER, files, published: new Map(), host, publicHost: PUBLIC_HOST }
  const pass = (ms: number): void => {
    clock.advance(ms)
  }
  return { site, port: Number(port), pass, judge: judgeTreeAnswer }
}

/** Fail unless what is answered is the file that the request names, or a refusal. It has no pages, and no hosts of its own. */
function judgeTreeAnswer(answer: ReadAnswer, draft: Draft, site: Site): void {
  const { status, body, headers } = answer
  for (const name of ['access-control-allow-origin', 'location', 'set-cookie'])
    assert.ok(!headers.has(name), `${name} in an answer`)
  const path = splitByModel(draft.target)?.path
  const named = path === undefined ? undefined : nameByModel(path, site, false)
  if (status >= 400 && status !== 416) {
    assert.ok([400, 404, 405, 413, 431].includes(status), String(status))
    assert.ok(body.length <= MAX_REFUSAL_BYTES, 'a refusal that carries something')
    return
  }
  assert.equal(draft.refusals.size, 0, `${String(status)} to what must be refused`)
  assert.equal(named?.kind, 'file', 'an answer to what is no file')
  judgeBytes(answer, draft, named.bytes)
}
