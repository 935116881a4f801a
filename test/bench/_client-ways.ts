import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENTS, missingClient } from '../clients/_builds.ts'
import type { Build, Client } from '../clients/_builds.ts'
import { median } from '../_percentile.ts'
import type { BuildPlace, Source } from './_build-place.ts'
import { timed } from './_measure.ts'
import { note } from './_progress.ts'

/** One of the ways that are run in turn. */
export interface Way {
  readonly name: string
  open(): Promise<Source>
}

/** The time of a build with all in the client's own cache stands under this name. */
export const FLOOR = 'floor'

/** Those of these clients that are installed; says of the others how they would be. */
export function presentClients(names: readonly Client['name'][]): readonly Client[] {
  return CLIENTS.filter(({ name }) => names.includes(name)).filter((client) => {
    const missing = missingClient(client)
    if (missing !== undefined) note(missing)
    return missing === undefined
  })
}

/**
 * Median seconds of each way, run in turn; and of the same build with all in the client's own cache.
 *
 * @param options.ways the last one is also run once without being counted: the first run of a program reads it from the disk
 */
export async function measureClient(
  client: Client,
  place: BuildPlace,
  { ways, runs }: { readonly ways: readonly Way[]; readonly runs: number },
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>()
  const keep = (name: string, seconds: number): void => {
    times.set(name, [...(times.get(name) ?? []), seconds])
    note(`${client.name} ${name}: ${seconds.toFixed(2)} s`)
  }
  for (let round = -1; round < runs; round += 1) {
    for (const way of round === -1 ? ways.slice(-1) : ways) {
      const source = await way.open()
      const folder = join(place.work, client.name)
      rmSync(folder, { recursive: true, force: true })
      const repositories = ['central', 'clojars'].map((id) => ({ id, url: source.url }))
      const build = client.build({ folder, repositories, dependencies: [place.dependency] })
      const seconds = await buildSeconds(build)
      if (round >= 0) keep(way.name, seconds)
      if (round >= 0 && way === ways.at(-1)) keep(FLOOR, await buildSeconds(build))
      await source.close()
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]))
}

async function buildSeconds(build: Build): Promise<number> {
  const ms = await timed(async () => {
    const { code, output } = await build.run()
    if (code !== 0) throw new Error(`Cannot measure a build that failed: ${output}`)
  })
  return ms / 1_000
}
