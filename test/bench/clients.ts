import { BuildPlace } from './_build-place.ts'
import type { Source } from './_build-place.ts'
import { FLOOR, measureClient, presentClients } from './_client-ways.ts'
import type { Way } from './_client-ways.ts'
import { needAll } from './_missing.ts'
import { missingNginx } from './_nginx.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'

const DEFAULT_RUNS = 3
/** What is put before each request to the origin, and how much of the direct build each way may take at most. */
const DELAYS = [
  { delayMs: 30, alone: 0.6, withPeer: 0.4 },
  { delayMs: 100, alone: 0.35, withPeer: 0.4 },
]
const WARM_RATIO = 1.05

function waysOf(place: BuildPlace): readonly Way[] {
  const far = (delayMs: number, open: () => Source | Promise<Source>) => async () => {
    place.origin.setDelay(delayMs)
    return await open()
  }
  const delayed = DELAYS.flatMap(({ delayMs }) => [
    { name: `direct ${String(delayMs)}`, open: far(delayMs, () => place.direct()) },
    {
      name: `alone ${String(delayMs)}`,
      open: far(delayMs, () => place.coldNode({ peer: false })),
    },
    { name: `peer ${String(delayMs)}`, open: far(delayMs, () => place.coldNode({ peer: true })) },
  ])
  return [
    ...delayed,
    { name: 'nginx', open: () => Promise.resolve(place.nginx()) },
    { name: 'warm', open: () => Promise.resolve(place.holder()) },
  ]
}

function toRows(client: string, medians: ReadonlyMap<string, number>): readonly Row[] {
  const row = (
    what: string,
    name: string,
    other: { readonly name: string; readonly what: string; readonly ratio: number },
  ): Row => ({
    bench: 'clients',
    what: `${client}: ${what}`,
    value: medians.get(name) ?? Number.NaN,
    unit: 's',
    beside: { what: other.what, value: medians.get(other.name) ?? Number.NaN },
    target: `at most ${String(other.ratio)}`,
  })
  const delayed = DELAYS.flatMap(({ delayMs, alone, withPeer }) => {
    const ms = String(delayMs)
    const direct = { name: `direct ${ms}`, what: 'direct' }
    return [
      row(`${ms} ms, node alone`, `alone ${ms}`, { ...direct, ratio: alone }),
      row(`${ms} ms, node with one peer`, `peer ${ms}`, { ...direct, ratio: withPeer }),
    ]
  })
  const warm = { name: 'nginx', what: 'nginx on loopback', ratio: WARM_RATIO }
  const floor = medians.get(FLOOR) ?? Number.NaN
  return [
    ...delayed,
    row('node with all files', 'warm', warm),
    { bench: 'clients', what: `${client}: nothing to download`, value: floor, unit: 's' },
  ]
}

async function measure(
  work: string,
  { runs = DEFAULT_RUNS }: BenchOptions,
): Promise<readonly Row[]> {
  const present = presentClients(['lein', 'maven', 'clj', 'gradle'])
  const place = await BuildPlace.create(work)
  const rows: Row[] = []
  try {
    const ways = waysOf(place)
    for (const client of present)
      rows.push(...toRows(client.name, await measureClient(client, place, { ways, runs })))
  } finally {
    await place.stop()
  }
  return rows
}

export const clients: Bench = {
  name: 'clients',
  about:
    'cold builds of a real project by lein, mvn, tools.deps and Gradle, direct and through a node',
  run: async (options) => {
    needAll(missingNginx)
    return await withTemporary((work) => measure(work, options))
  },
}
