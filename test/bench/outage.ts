import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { median } from '../_percentile.ts'
import { startFarOrigin } from './_far-origin.ts'
import { build } from './_maven-build.ts'
import type { Outcome } from './_maven-build.ts'
import { needAll } from './_missing.ts'
import { missingNginx } from './_nginx.ts'
import { OutageModel } from './_outage-model.ts'
import type { Project } from './_outage-model.ts'
import { supplies } from './_outage-supplies.ts'
import type { RunningSupply, Supply, World } from './_outage-supplies.ts'
import { note } from './_progress.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'

const NODES = 50
const FILES = 4_000
const RUNS = 5
const SEED = 20_261_123
/** Of each request to the origin. */
const DELAY_MS = 30

const BUILDS = ['new laptop', 'repeat', 'one bumped dependency', 'new project'] as const
type BuildKind = (typeof BUILDS)[number]

/** The outcomes of one kind of build, with one supply, with the origin up or down. */
interface Cell {
  readonly supply: Supply
  readonly isUp: boolean
  readonly kind: BuildKind
  readonly outcomes: Outcome[]
}

/** What one user does on a machine that is new at first. */
async function buildOnNewMachine(
  world: World,
  supply: RunningSupply,
  known: Project,
): Promise<Record<BuildKind, Outcome>> {
  const { model } = world
  const machine = await supply.newMachine()
  const run = (lacking: Project): Promise<Outcome> => build(machine.url, model.builder, lacking)
  try {
    const cached = new Set(known)
    const laptop = await run(known)
    // The client's own cache is empty again, as on a build server.
    const repeat = await run(known)
    const bumped = model.draw(cached)
    const one = await run([bumped])
    cached.add(bumped)
    const project = await run(model.project().filter((artifact) => !cached.has(artifact)))
    return {
      'new laptop': laptop,
      repeat,
      'one bumped dependency': one,
      'new project': project,
    }
  } finally {
    await machine.stop()
  }
}

async function measureSupply(world: World, supply: Supply, runs: number): Promise<readonly Cell[]> {
  const cells = [true, false].flatMap((isUp) =>
    BUILDS.map((kind): Cell => ({ supply, isUp, kind, outcomes: [] })),
  )
  const [knownProjects = []] = world.users
  world.origin.setDelay(0)
  await world.origin.setReachable(true)
  note(`${supply.name}: being set up`)
  const running = await supply.start(world)
  world.origin.setDelay(world.delayMs)
  try {
    for (const isUp of [true, false]) {
      await world.origin.setReachable(isUp)
      for (let run = 0; run < runs; run += 1) {
        // Somebody of the team has built it, so that every cache has seen it.
        const known = knownProjects[run % knownProjects.length] ?? []
        const outcomes = await buildOnNewMachine(world, running, known)
        for (const cell of cells) if (cell.isUp === isUp) cell.outcomes.push(outcomes[cell.kind])
      }
    }
  } finally {
    await running.stop()
  }
  note(`${supply.name}: ${cells.map(describeCell).join('; ')}`)
  return cells
}

function describeCell(cell: Cell): string {
  const [good, all] = [successesOf(cell).length, cell.outcomes.length]
  if (good < all) return `✗ ${String(good)} of ${String(all)}`
  return `${secondsOf(cell).toFixed(1)} s`
}

/** As it stands in the README: with the origin down, and in brackets with it up. */
function tableOf(cells: readonly Cell[]): string {
  const head = `| With | ${BUILDS.join(' | ')} |\n| --- | ${BUILDS.map(() => '---').join(' | ')} |`
  const supplied = Map.groupBy(cells, ({ supply }) => supply.name)
  const lines = [...supplied].map(([name, own]) => {
    const of = (kind: BuildKind, isUp: boolean): string =>
      own
        .filter((cell) => cell.kind === kind && cell.isUp === isUp)
        .map(describeCell)
        .join()
    const columns = BUILDS.map((kind) => `${of(kind, false)} (${of(kind, true)})`)
    return `| ${name} | ${columns.join(' | ')} |`
  })
  return [head, ...lines].join('\n')
}

const successesOf = ({ outcomes }: Cell): readonly Outcome[] =>
  outcomes.filter(({ succeeded }) => succeeded)

const secondsOf = (cell: Cell): number => median(successesOf(cell).map(({ seconds }) => seconds))

/** Share of builds that succeed and their seconds; with the origin down beside those with it up. */
function rowsOf(cells: readonly Cell[]): readonly Row[] {
  return cells.flatMap((cell) => {
    const { supply, isUp, kind, outcomes } = cell
    const what = `${supply.name}, origin ${isUp ? 'up' : 'down'}, ${kind}`
    const share = (100 * successesOf(cell).length) / outcomes.length
    const isPromised = supply.hasAll === true && !isUp
    const succeeded: Row = {
      bench: 'outage',
      what: `${what}: succeeded`,
      value: share,
      unit: '%',
      ...(isPromised && { target: '100 %' }),
    }
    if (share === 0) return [succeeded]
    const up = cells.find((one) => one.supply === supply && one.isUp && one.kind === kind)
    const time: Row = {
      bench: 'outage',
      what: `${what}: median`,
      value: secondsOf(cell),
      unit: 's',
      ...(!isUp && up !== undefined && { beside: { what: 'origin up', value: secondsOf(up) } }),
      ...(isPromised && { target: 'as with the origin up' }),
    }
    return [succeeded, time]
  })
}

async function measure(
  work: string,
  init: Required<Pick<BenchOptions, 'files' | 'nodes' | 'runs'>> & BenchOptions,
): Promise<readonly Row[]> {
  const tree = join(work, 'tree')
  mkdirSync(tree)
  const origin = await startFarOrigin(tree)
  const versions = Math.round(init.files / 2)
  const model = new OutageModel({ versions, seed: SEED, origin: origin.url })
  for (const [path, bytes] of model.builder.files) {
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    writeFileSync(join(tree, path), bytes)
    if (!path.startsWith('.jarswarm') && !path.endsWith('.sha1'))
      writeFileSync(join(tree, `${path}.sha1`), model.builder.entry(path).sha1)
  }
  const users = Array.from({ length: init.nodes }, () => model.user())
  const world: World = { work, model, tree, origin, delayMs: DELAY_MS, users }
  const cells: Cell[] = []
  try {
    for (const supply of supplies(init.nodes))
      cells.push(...(await measureSupply(world, supply, init.runs)))
  } finally {
    // Also what was measured before something failed.
    init.showTable?.(tableOf(cells))
    await origin.stop()
  }
  return rowsOf(cells)
}

export const outage: Bench = {
  name: 'outage',
  about: `which builds succeed with the origin up and down, and how quickly, beside what else one might have; ${String(NODES)} nodes in few processes (--nodes, --files, --runs)`,
  run: async ({ files = FILES, nodes = NODES, runs = RUNS, ...rest }) => {
    needAll(missingNginx)
    return await withTemporary((work) => measure(work, { files, nodes, runs, ...rest }))
  },
}
