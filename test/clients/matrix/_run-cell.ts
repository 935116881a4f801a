import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { commandOf, runJarswarm } from '../../_jarswarm.ts'
import type { Place as Runner } from '../../_jarswarm.ts'
import { placeIn } from './_client.ts'
import type { BuildPlan, Command, NodeAddress, Place } from './_client.ts'
import { nameOf } from './_cell.ts'
import type { Cell } from './_cell.ts'
import type { PublishedTree } from './_published-tree.ts'
import { watchBuild } from './_watch-build.ts'
import type { Watched } from './_watch-build.ts'
import { World } from './_world.ts'

/** A node that knew nothing may take this long to hear of the repository, when it can again. */
const RECOVERY_MS = 5_000

/** What a cell showed. */
export interface CellResult extends Watched {
  readonly cell: string
  /** Whether the next build, with all healed and no flag, was right. */
  readonly healed: boolean
  /** Why not. */
  readonly healing: string
  /** Longest silence of the node before an answer; nought without a node. */
  readonly longestWaitSeconds: number
}

/** Build under a fault, and once more when it is over. */
export async function runCell(
  cell: Cell,
  published: PublishedTree,
  runner: Runner,
): Promise<CellResult> {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-matrix-'))
  const own = cell.fault.changesTree === true ? published.copy() : undefined
  const scheme = cell.via === 'direct' ? undefined : cell.scheme
  const world = await World.create({ published: own ?? published, work, scheme, place: runner })
  try {
    return await new CellRun(cell, { world, work, runner }).run()
  } finally {
    await world.stop()
    own?.remove()
    rmSync(work, { recursive: true, force: true })
  }
}

interface CellRunComponents {
  readonly world: World
  readonly work: string
  readonly runner: Runner
}

/** One cell on its way. */
class CellRun {
  readonly #cell: Cell
  readonly #world: World
  readonly #runner: Runner
  readonly #places: readonly Place[]

  constructor(cell: Cell, { world, work, runner }: CellRunComponents) {
    this.#cell = cell
    this.#world = world
    this.#runner = runner
    this.#places = Array.from({ length: cell.fault.builds ?? 1 }, (_, n) =>
      placeIn(join(work, String(n))),
    )
  }

  async run(): Promise<CellResult> {
    const { fault, cache } = this.#cell
    const world = this.#world
    fault.beforeNode?.(world)
    await world.startNode()
    if (fault.beforeNode === undefined) await world.indexComplete()
    for (const place of this.#places) await this.#configure(place)
    if (cache === 'warm') {
      const { outcome, said } = await this.#build()
      if (outcome !== 'right') throw new Error(`Cannot fill the cache: ${outcome}, ${said}`)
    }
    world.http.longestWaitMs = 0
    world.https.longestWaitMs = 0
    await fault.apply?.(world)
    const watched = fault.deploys === true ? await this.#deploy() : await this.#build()
    const longestWaitSeconds = world.longestWaitSeconds()
    const after = fault.deploys === true ? undefined : await this.#heal()
    return {
      cell: nameOf(this.#cell),
      ...watched,
      longestWaitSeconds,
      healed: after === undefined || after.outcome === 'right',
      healing: after?.said ?? '',
    }
  }

  async #heal(): Promise<Watched> {
    this.#world.origin.heal()
    this.#world.http.onRequest = () => undefined
    await this.#world.startNode()
    if (this.#cell.fault.beforeNode !== undefined) await delay(RECOVERY_MS)
    return this.#build()
  }

  /** All builds at once; the result is that of the worst. */
  async #build(): Promise<Watched> {
    const { client, fault } = this.#cell
    const started = performance.now()
    const all = await Promise.all(
      this.#places.map((place) =>
        watchBuild({
          client,
          place,
          command: this.#wrapped(client.build(place, this.#plan())),
          brings: fault.brings,
          tree: this.#world.published.tree,
        }),
      ),
    )
    const worst = all.find(({ outcome }) => outcome !== 'right') ?? all[0]
    if (worst === undefined) throw new RangeError('Cannot judge a cell without builds')
    return { ...worst, seconds: (performance.now() - started) / 1_000 }
  }

  async #deploy(): Promise<Watched> {
    const { client } = this.#cell
    const [place] = this.#places
    const target = this.#cell.via === 'direct' ? this.#world.origin.url : this.#nodeUrl()
    const command = place && client.deploy?.(place, target)
    if (place === undefined || command === undefined)
      throw new RangeError(`Cannot deploy with ${client.name}`)
    return watchBuild({ client, place, command, brings: [], tree: this.#world.published.tree })
  }

  /** Write the project, and point the client at the node as a user would. */
  async #configure(place: Place): Promise<void> {
    const { client, via } = this.#cell
    client.write(place, this.#plan())
    const setup = via === 'direct' ? undefined : client.setup[via]
    if (setup === undefined) return
    const done = await runJarswarm(['setup', setup, ...this.#target()], {
      ...this.#runner,
      env: { HOME: place.home },
    })
    if (done.code !== 0) throw new Error(`Cannot set up ${client.name}: ${done.stderr}`)
  }

  /** With `jarswarm run`, where a client cannot look for the node, or must be told of its certificate. */
  #wrapped(command: Command): Command {
    const { client, via, scheme } = this.#cell
    if (via === 'direct') return command
    const looksItself = client.setup[via] !== 'clj'
    const takesCertificate = scheme === 'http' || client.name === 'lein'
    if (looksItself && takesCertificate) return command
    const words = commandOf(['run', ...this.#target(), '--', ...command.words], this.#runner)
    return { ...command, words }
  }

  #target(): readonly string[] {
    const { http, https, data } = this.#world
    const secure =
      this.#cell.scheme === 'https' ? ['--https', `127.0.0.1:${String(https.port)}`] : []
    return ['--data', data, '--node', `127.0.0.1:${String(http.port)}`, ...secure]
  }

  #plan(): BuildPlan {
    const { fault } = this.#cell
    return { wants: fault.wants, originPort: this.#world.origin.port, node: this.#node() }
  }

  #node(): NodeAddress | undefined {
    const { via, scheme } = this.#cell
    if (via === 'direct') return undefined
    const certificate = scheme === 'https' ? join(this.#world.data, 'https', 'cert.pem') : undefined
    return { form: via, url: this.#nodeUrl(), certificate }
  }

  #nodeUrl(): string {
    const { http, https } = this.#world
    const { scheme } = this.#cell
    const { port } = scheme === 'https' ? https : http
    return `${scheme}://127.0.0.1:${String(port)}/clojars/`
  }
}
