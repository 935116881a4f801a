import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  initRepository,
  proposeRoot,
  publishTree,
  readPublishedLink,
  readRootState,
  readWithdrawn,
} from '@jarswarm/publisher'
import { createSigner } from '@jarswarm/trust'
import { readPublished } from '../../packages/publisher/test/_reader.ts'
import type { ReadState } from '../../packages/publisher/test/_reader.ts'
import { ALONE } from './_cut-work.ts'
import { deploy, deployedJar, formatDeployed } from './_deployed.ts'
import { checkPublishedFile } from './_judged-tree.ts'
import type { Places } from './_places.ts'

/** Releases that are published before. */
const RELEASES = 3
/** A large one comes next, with a list of its pieces. */
const NEXT = 100
const OPERATOR = 'http://127.0.0.1:1/'

/** A repository elsewhere, on a disk that works. */
export interface Outside {
  /** Where it is served. */
  readonly url: string
  readonly link: string
  /** Its releases. */
  readonly paths: readonly string[]
}

/** Something that is done with a command, which may fail on the way and must then be done by the same command again. */
export interface DiskScenario {
  readonly name: string
  /** Make what is there before, in directories that are not there yet. */
  readonly prepare: (places: Places, outside: Outside) => Promise<void>
  readonly args: (places: Places, outside: Outside) => readonly string[]
  /** Whether it is done. Throws when what is there is neither what was before nor what was to be. */
  readonly isDone: (places: Places) => Promise<boolean>
  /** Write the releases anew of which a sync may have failed; from then on they are needed for it to be done. */
  readonly writeAnew?: (places: Places) => Promise<void>
}

const PUBLISH: DiskScenario = {
  name: 'publish',
  prepare: async (places) => {
    await published(places)
    await deploy(places.tree, NEXT)
  },
  args: ({ state, tree }) => ['repo', 'publish', '--state', state, '--tree', tree],
  isDone: async ({ state, tree }) => {
    const whole = await readWhole(tree)
    const isComplete = whole.files.has(deployedJar(NEXT))
    // What waits to be written anew is published later.
    return whole.seq > 1 && (isComplete || existsSync(join(state, 'failed-syncs')))
  },
  writeAnew: async ({ state, tree }) => {
    await deploy(tree, NEXT)
    rmSync(join(state, 'failed-syncs'))
  },
}

const ROTATE: DiskScenario = {
  name: 'rotate',
  prepare: published,
  args: ({ state }) => ['repo', 'rotate', '--role', 'publisher', '--state', state],
  isDone: async ({ state, tree }) => {
    await readWhole(tree)
    return (await readRootState(state)).pending !== undefined
  },
}

const APPLY_ROOT: DiskScenario = {
  name: 'apply-root',
  prepare: async (places) => {
    await published(places)
    const key = createSigner(readFileSync(join(places.state, 'keys', 'root.pem'), 'utf8'))
    const change = { rotate: ['publisher', 'timestamp'] as const }
    const proposal = (await proposeRoot({ stateDir: places.state, change })).sign(key)
    writeFileSync(join(places.state, 'proposal.json'), proposal.format())
  },
  args: ({ state, tree }) => ['repo', 'apply-root', '--state', state, '--tree', tree],
  isDone: async ({ state, tree }) => {
    const whole = await readWhole(tree)
    const { current } = await readRootState(state)
    return current?.number === 2 && whole.timestampVersion > 1
  },
}

const TIMESTAMP: DiskScenario = {
  name: 'timestamp',
  prepare: published,
  args: ({ state, tree }) => ['repo', 'timestamp', '--state', state, '--tree', tree],
  isDone: async ({ tree }) => (await readWhole(tree)).timestampVersion > 1,
}

const WITHDRAW: DiskScenario = {
  name: 'withdraw',
  prepare: published,
  args: ({ state, tree }) => [
    ...['repo', 'withdraw', deployedJar(1), '--reason', 'legal'],
    ...['--state', state, '--tree', tree],
  ],
  isDone: async ({ state, tree }) => {
    const whole = await readWhole(tree)
    return whole.seq === 2 && (await readWithdrawn(state)).length === 1
  },
}

const INIT: DiskScenario = {
  name: 'init',
  prepare: () => Promise.resolve(),
  args: ({ state }) => ['repo', 'init', '--name', 'sample', '--state', state],
  isDone: async ({ state }) => {
    if (!existsSync(state)) return false
    await readPublishedLink(state)
    return true
  },
}

const OBSERVE: DiskScenario = {
  name: 'publish --from',
  prepare: async ({ state, tree, data }, { paths }) => {
    mkdirSync(tree)
    mkdirSync(data)
    writeFileSync(join(data, 'paths'), paths.map((path) => `${path}\n`).join(''))
    await initRepository({ stateDir: state, name: 'sample' })
  },
  args: ({ state, tree, data }, { url }) => [
    ...['repo', 'publish', '--from', url, '--paths', join(data, 'paths')],
    ...['--state', state, '--out', tree],
  ],
  isDone: async ({ tree }) => ((await readPublished(tree))?.seq ?? 0) > 0,
}

const START: DiskScenario = {
  name: 'start',
  prepare: () => Promise.resolve(),
  args: ({ data }, { link }) => [
    ...['start', '--data', data, '--join', link, ...ALONE],
    ...['--https', '127.0.0.1:0', '--json'],
  ],
  isDone: ({ data }) => {
    const file = join(data, 'joined.json')
    return Promise.resolve(existsSync(file) && /jarswarm:/.test(readFileSync(file, 'utf8')))
  },
}

export const SCENARIOS: readonly DiskScenario[] = [
  PUBLISH,
  ROTATE,
  APPLY_ROOT,
  TIMESTAMP,
  WITHDRAW,
  INIT,
  OBSERVE,
  START,
]

async function published({ state, tree }: Places): Promise<void> {
  mkdirSync(tree)
  for (let version = 1; version <= RELEASES; version += 1) await deploy(tree, version)
  await initRepository({ stateDir: state, name: 'sample', origin: OPERATOR })
  await publishTree({ stateDir: state, treeDir: tree })
}

/** What is published, all of which is there. */
async function readWhole(tree: string): Promise<ReadState> {
  const found = await readPublished(tree)
  assert.ok(found, 'nothing is published any more')
  for (const [path, says] of found.files) checkPublishedFile(tree, path, says)
  return found
}

/** Deploy and publish a repository on a disk that works. @returns its link and releases */
export async function publishOutside(places: Places, url: string): Promise<Outside> {
  const versions = [1, 2, NEXT]
  mkdirSync(places.tree)
  for (const version of versions) await deploy(places.tree, version)
  const { link } = await initRepository({ stateDir: places.state, name: 'outside', origin: url })
  await publishTree({ stateDir: places.state, treeDir: places.tree })
  const paths = versions.flatMap((version) => formatDeployed(version).map(({ path }) => path))
  return { url, link, paths: [...new Set(paths)] }
}
