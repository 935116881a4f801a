import { BuildPlace } from './_build-place.ts'
import { measureClient, presentClients } from './_client-ways.ts'
import type { Way } from './_client-ways.ts'
import { needAll } from './_missing.ts'
import { missingNginx } from './_nginx.ts'
import type { Bench, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'

const RUNS = 5
const RATIO = 1.3

const waysOf = (place: BuildPlace): readonly Way[] => [
  { name: 'node', open: () => place.coldNode({ peer: true }) },
  { name: 'nginx', open: () => Promise.resolve(place.nginx()) },
]

async function measure(work: string, runs: number): Promise<readonly Row[]> {
  const present = presentClients(['lein', 'maven'])
  const place = await BuildPlace.create(work)
  const rows: Row[] = []
  try {
    await place.origin.setReachable(false)
    for (const client of present) {
      const medians = await measureClient(client, place, { ways: waysOf(place), runs })
      rows.push({
        bench: 'cold-lan',
        what: `${client.name}: node without files, one peer that has all, origin down`,
        value: medians.get('node') ?? Number.NaN,
        unit: 's',
        beside: { what: 'nginx on loopback', value: medians.get('nginx') ?? Number.NaN },
        target: `at most ${String(RATIO)}`,
      })
    }
  } finally {
    await place.stop()
  }
  return rows
}

export const coldLan: Bench = {
  name: 'cold-lan',
  about: 'builds of a real project by lein and mvn while its origin is down, through an empty node',
  run: async ({ runs = RUNS }) => {
    needAll(missingNginx)
    return await withTemporary((work) => measure(work, runs))
  },
}
