import assert from 'node:assert/strict'
import { once } from 'node:events'
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { parseLink, formatLink } from '@jarswarm/trust'
import { runJarswarm, startJarswarm } from '../_jarswarm.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { waitFor } from '../_wait-for.ts'

const [library] = [
  ...globSync('/usr/lib/*/faketime/libfaketimeMT.so.1'),
  ...globSync(process.env['LIBFAKETIME'] ?? ''),
]
const METADATA = 'org/example/lib/maven-metadata.xml'
const JAR = 'org/example/lib/1.0/lib-1.0.jar'

/** A process for which it is as late as the file says; `+8d` is in eight days. */
function laterAs(file: string): { readonly env: Readonly<Record<string, string>> } {
  const env = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  return { env }
}

async function origin(t: Ending): Promise<string> {
  const builder = new SignedRepositoryBuilder({ nowMs: Date.now() })
  builder.put(JAR, 'a jar').put(METADATA, '<metadata/>').publish()
  const server = createServer((request, response) => {
    const bytes = builder.files.get((request.url ?? '').slice(1))
    response.statusCode = bytes === undefined ? 404 : 200
    response.end(bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return formatLink({ ...parseLink(builder.link()), origin: `http://127.0.0.1:${String(port)}/` })
}

/** How the clock is set, and what is answered for a mutable file then. */
const JUMPS = [
  ['+0d', '200 '],
  ['+8d', '200 stale'],
  ['+31d', '424 '],
  ['-100d', '200 '],
  ['+0d', '200 '],
] as const

/** Why a process cannot be shown another time here, or false when it can. */
export function fakedTimeMissing(): string | false {
  return library === undefined && 'libfaketime is not installed (Debian: faketime)'
}

/**
 * Let the clock of a real process jump, and start it again before it was made.
 *
 * @returns how many states were right: all, or it throws
 */
export async function liveByFakedTime(t: Ending): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-faketime-'))
  t.after(() => {
    rmSync(work, { recursive: true, force: true })
  })
  const file = join(work, 'time')
  const set = (time: string): void => {
    writeFileSync(file, `${time}\n`)
  }
  set('+0d')
  const data = ['--data', join(work, 'data'), '--no-mdns']
  const args = [...data, '--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
  const node = await startJarswarm(['start', ...args, '--join', await origin(t)], laterAs(file))
  t.after(() => node.stop())
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`${String(node.ready.http)}/sample/${path}`)
    await answer.arrayBuffer()
    return `${String(answer.status)} ${answer.headers.has('x-jarswarm-stale') ? 'stale' : ''}`
  }
  const becomes = async (time: string, wanted: string): Promise<void> => {
    set(time)
    await waitFor(time, async () => ((await get(METADATA)) === wanted ? true : undefined))
    assert.equal(await get(JAR), '200 ')
  }
  for (const [time, wanted] of JUMPS) await becomes(time, wanted)
  await node.stop()
  set('@2025-01-01 00:00:00')
  const { code, stderr } = await runJarswarm(['start', ...args, '--json'], laterAs(file))
  assert.match(stderr, /ERR_WRONG_CLOCK/)
  assert.notEqual(code, 0)
  return JUMPS.length
}
