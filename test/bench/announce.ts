import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { median, percentile } from '../_percentile.ts'
import type { DhtReply, DhtTask } from './_dht-process.ts'
import type { BenchRepository } from './_donors.ts'
import { note } from './_progress.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'

const PROCESS = fileURLToPath(new URL('_dht-process.ts', import.meta.url))
const PROJECTS = 2_000
const NODES = 50
/** Processes that the servers of the DHT share. */
const PROCESSES = 2
const SECONDS = 120
const LOOKUPS = 200
/** Nodes that a newcomer is told of. */
const BOOTSTRAPS = 3

interface DhtProcess<Kind extends DhtReply['kind']> {
  readonly reply: DhtReply & { readonly kind: Kind }
  stop(): Promise<void>
}

/** Let a process do its part, and wait for its word. */
async function start<Kind extends DhtReply['kind']>(
  task: DhtTask & { readonly kind: Kind },
): Promise<DhtProcess<Kind>> {
  const child = fork(PROCESS, [JSON.stringify(task)])
  const gone = once(child, 'exit')
  const [reply] = (await Promise.race([once(child, 'message'), gone])) as [DhtReply | number]
  if (typeof reply !== 'object')
    throw new Error(`Cannot measure: a process of the DHT ended with ${String(reply)}`)
  return {
    reply: reply as DhtReply & { readonly kind: Kind },
    stop: async () => {
      if (child.connected) child.disconnect()
      await gone
    },
  }
}

/** One small file in each project, and one project more, which is not held: who has everything announces that alone. */
function publish(projects: number): BenchRepository {
  const builder = new SignedRepositoryBuilder()
  for (let n = 0; n <= projects; n += 1)
    builder.put(`bench/p${String(n)}/1.0/p${String(n)}-1.0.pom`, `<project>${String(n)}</project>`)
  builder.publish()
  const paths = [...builder.files.keys()].filter((path) => path.startsWith('bench/'))
  const digests = paths.map((path) => builder.entry(path).digest)
  return { id: builder.id, files: builder.files, digests }
}

async function measure(
  work: string,
  { files = PROJECTS, nodes = NODES, seconds = SECONDS }: BenchOptions,
): Promise<readonly Row[]> {
  const repository = publish(files)
  const file = join(work, 'repository')
  writeFileSync(file, serialize(repository))
  const servers: DhtProcess<'serve'>[] = []
  try {
    for (let n = 0; n < PROCESSES; n += 1) {
      const known = servers.flatMap(({ reply }) => reply.addresses).slice(0, BOOTSTRAPS)
      const count = Math.ceil(nodes / PROCESSES)
      servers.push(await start({ kind: 'serve', repository: repository.id, count, known }))
    }
    const all = servers.flatMap(({ reply }) => reply.addresses)
    note(`${String(all.length)} servers of the DHT run`)
    const known = all.slice(-BOOTSTRAPS)
    const announcer = await start({ kind: 'announce', file, seconds, known })
    note(`${String(announcer.reply.announced.length)} projects were announced`)
    try {
      const projects = announcer.reply.announced.slice(0, LOOKUPS)
      const seeker = await start({
        kind: 'look up',
        repository: repository.id,
        projects,
        known: all.slice(0, BOOTSTRAPS),
      })
      await seeker.stop()
      return rowsOf(announcer.reply, seeker.reply, all.length)
    } finally {
      await announcer.stop()
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

function rowsOf(
  { peer, announced, seconds, cpuSeconds }: DhtReply & { readonly kind: 'announce' },
  { found }: DhtReply & { readonly kind: 'look up' },
  servers: number,
): readonly Row[] {
  const good = found.filter((one) => one.peer === peer).map(({ ms }) => ms)
  const rate = announced.length / seconds
  const among = `among ${String(servers)} servers of the DHT`
  const row = (what: string, value: number, rest: Pick<Row, 'unit' | 'target'>): Row => {
    return { bench: 'announce', what, value, ...rest }
  }
  return [
    row(
      `announcing ${String(PROJECTS)} projects at the rate of ${seconds.toFixed(0)} s, ${among}`,
      PROJECTS / rate / 60,
      { unit: 'min', target: 'at most 10 min' },
    ),
    row('processor share of the node meanwhile', (100 * cpuSeconds) / seconds, {
      unit: '%',
      target: 'at most 5 %',
    }),
    row(
      'processor time of one announcement, all else of the node included',
      (1_000 * cpuSeconds) / announced.length,
      {
        unit: 'ms',
      },
    ),
    row(
      `${String(found.length)} look-ups of projects that one node holds: found`,
      (100 * good.length) / found.length,
      {
        unit: '%',
      },
    ),
    row('the same, until that node is connected, median', median(good), { unit: 'ms' }),
    row('the same, 95 of 100 within', percentile(good, 95), { unit: 'ms', target: 'at most 1 s' }),
  ]
}

export const announce: Bench = {
  name: 'announce',
  about: `telling the DHT what is held, and looking up what is rare; ${String(NODES)} servers on the loopback (--nodes, --seconds)`,
  run: (options) => withTemporary((work) => measure(work, options)),
}
