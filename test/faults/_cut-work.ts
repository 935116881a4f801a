import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sha256 } from '@jarswarm/manifest'
import { initRepository, publishTree } from '@jarswarm/publisher'
import type { RepositoryId } from '@jarswarm/trust'
import { serveTree } from '../clients/_serve-tree.ts'
import type { ServedTree } from '../clients/_serve-tree.ts'
import { waitFor } from '../_wait-for.ts'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { readAcknowledged } from './_acknowledged.ts'
import type { Acknowledgements, UnderWay } from './_acknowledged.ts'
import type { CutDisk, RecoveredDisk } from './_cut-disk.ts'
import { deploy, deployedJar, formatDeployed } from './_deployed.ts'
import { FollowedLog } from './_followed-log.ts'
import { placesOn } from './_places.ts'
import { PublisherProcess } from './_publisher-process.ts'
import type { SeededRandom } from './_random.ts'
import type { UnsyncedSites } from './_sync-sites.ts'
import { ViolationError } from './_violation-error.ts'

/** Releases that are there when the work begins: more than the node may keep. */
const DEPLOYED_BEFORE = 200
/** Makes the node evict with nearly each blob that it stores. */
export const QUOTA_BYTES: number = 1024 * 1024
/** Requests that are open at the node at a time. */
const CLIENTS = 6
/** The power goes after 1 to so many answers of a burst of work. */
const MOST_ANSWERS = 80
/** What is waited for after that, for chance alone would hardly ever find the short moments; undefined: whatever there is. */
const MOMENTS: readonly (CutMoment | undefined)[] = [
  'storing',
  'evicting',
  'head update',
  'publishing',
  'rotating',
  undefined,
]
/** Then it goes without it: a head may have come into use before anybody looked. */
const MOMENT_MS = 3_000
/** A publish or rotation is cut off after so long at most, and a head update. */
const PUBLISHING_MS = 120
const UPDATING_MS = 60

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** What was said to be durable before the power went. */
export interface Acknowledged {
  readonly repository: RepositoryId
  /** By the node. */
  readonly node: Acknowledgements
  /** Number of the newest head whose publish had ended, and of the newest root that was put in force. */
  readonly published: number
  readonly root: number
}

/** What is under way in the node or the publisher. */
export type CutMoment = UnderWay | 'publishing' | 'rotating'

/** A cut, and what must have outlived it. */
export interface Cut {
  readonly acknowledged: Acknowledged
  /** What was under way when the power went. */
  readonly underWay: ReadonlySet<CutMoment>
  readonly recover: () => Promise<RecoveredDisk>
}

/** What a disk is used for while its power is cut: a node under load, and a publisher that publishes without end. */
export class CutWork implements AsyncDisposable {
  readonly #disk: CutDisk
  readonly #random: SeededRandom
  readonly #log: string
  readonly #said: FollowedLog
  readonly #unsynced: UnsyncedSites | undefined
  readonly #ends: (() => unknown)[] = []
  #node: Running | undefined
  #origin: ServedTree | undefined
  #repository: RepositoryId = ''
  #link = ''
  readonly #publisher: PublisherProcess
  #clients: readonly Promise<void>[] = []
  #answers = 0
  #resting = false
  #failure: Error | undefined

  /** @param init.unsynced what programs only believe to be synced */
  constructor(
    disk: CutDisk,
    init: { readonly random: SeededRandom; readonly unsynced?: UnsyncedSites | undefined },
  ) {
    this.#disk = disk
    this.#random = init.random
    this.#unsynced = init.unsynced
    const outside = mkdtempSync(join(tmpdir(), 'jarswarm-acknowledged-'))
    this.#ends.push(() => {
      rmSync(outside, { recursive: true })
    })
    this.#log = join(outside, 'log')
    writeFileSync(this.#log, '')
    const said = new FollowedLog(this.#log)
    this.#said = said
    this.#ends.push(() => {
      said.close()
    })
    const env = this.#environment()
    const places = placesOn(disk.path)
    this.#publisher = new PublisherProcess({ places, versions: DEPLOYED_BEFORE, env })
    this.#ends.push(() => this.#publisher.kill())
  }

  /** Publish what is there before. */
  async prepare(): Promise<void> {
    const at = placesOn(this.#disk.path)
    mkdirSync(at.tree)
    for (let version = 1; version <= DEPLOYED_BEFORE; version += 1) await deploy(at.tree, version)
    const origin = await serveTree(at.tree)
    this.#origin = origin
    this.#ends.push(() => origin.stop())
    const url = `http://127.0.0.1:${String(origin.port)}/`
    const { id, link } = await initRepository({ stateDir: at.state, name: 'sample', origin: url })
    this.#repository = id
    await publishTree({ stateDir: at.state, treeDir: at.tree })
    this.#link = link
  }

  /** Start node and publisher. Resolves when the node serves. */
  async start(): Promise<void> {
    this.#publisher.start()
    await this.#startNode(placesOn(this.#disk.path).data)
  }

  /** Wait until the node that starts for the first time has begun to write. */
  async begun(): Promise<void> {
    const { data } = placesOn(this.#disk.path)
    const first = FIRST_FILES[this.#random.below(FIRST_FILES.length)] ?? ''
    await waitFor('the data directory', () => existsSync(join(data, first)) || undefined)
  }

  /** Have clients ask and the publisher publish, to a drawn moment; all of it goes on while this resolves. */
  async burst(): Promise<void> {
    this.#answers = 0
    const wanted = 1 + this.#random.below(MOST_ANSWERS)
    await this.#publisher.publish()
    this.#clients = Array.from({ length: CLIENTS }, () => this.#fetchOnAndOn())
    await waitFor('answers', () => {
      if (this.#failure !== undefined) throw this.#failure
      return this.#answers >= wanted || undefined
    })
    await Promise.race([this.#untilMoment(), delay(MOMENT_MS)])
  }

  async #untilMoment(): Promise<void> {
    const moment = MOMENTS[this.#random.below(MOMENTS.length)]
    if (moment === undefined) return
    if (moment === 'publishing' || moment === 'rotating') {
      await this.#publisher.publish({ rotate: moment === 'rotating' })
      await delay(this.#random.below(PUBLISHING_MS))
      return
    }
    if (moment === 'head update') {
      await this.#publisher.idle()
      // Over before a drive could be frozen that waited for its beginning.
      void this.#lookForHead()
      await delay(this.#random.below(UPDATING_MS))
      return
    }
    await this.#said.until(({ underWay }) => underWay.has(moment))
  }

  /** Let the clients and the publisher come to an end. */
  async rest(): Promise<void> {
    this.#resting = true
    await Promise.all(this.#clients)
    this.#resting = false
    if (this.#failure !== undefined) throw this.#failure
    await this.#publisher.idle()
    await this.#lookForHead()
  }

  /** A request for what is absent has the node look for a newer head. */
  async #lookForHead(): Promise<void> {
    if (this.#node !== undefined) await this.#get(`a/${String(this.#publisher.published)}/none.jar`)
  }

  /** How often the publisher said to have done what. */
  get done(): PublisherProcess['done'] {
    return this.#publisher.done
  }

  /** All that the node said so far. */
  get acknowledged(): Acknowledgements {
    return readAcknowledged(readFileSync(this.#log, 'utf8'))
  }

  /** Whether the origin is away, as it is while its machine has no power: what goes on here is not the past of the copy. */
  setOriginAway(away: boolean): void {
    this.#origin?.setAway(away)
  }

  /** Cut the power of the disk; the work goes on. */
  async cut(): Promise<Cut> {
    const before = readFileSync(this.#log, 'utf8')
    const { published, root, underWay } = this.#publisher
    const { recover, witnessBytes } = await this.#disk.cut(this.#log)
    const after = readFileSync(this.#log, 'utf8')
    const node = readAcknowledged(before)
    // What was about to be removed at any moment of the cut may be gone, and what began may be there.
    node.readBegun(after.slice(before.length))
    const moments = new Set<CutMoment>(readAcknowledged(after.slice(0, witnessBytes)).underWay)
    // It says so only when it has ended, which may be a moment ago.
    if (underWay !== undefined && underWay === this.#publisher.underWay) moments.add(underWay)
    const acknowledged = { repository: this.#repository, node, published, root }
    return { acknowledged, underWay: moments, recover }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resting = true
    for (const end of this.#ends.reverse()) await end()
  }

  #environment(...preloads: readonly string[]): Readonly<Record<string, string>> {
    const all = this.#unsynced === undefined ? preloads : ['_without-sync.ts', ...preloads]
    return {
      NODE_OPTIONS: ['--conditions=source', ...all.map((name) => `--import=${fileOf(name)}`)].join(
        ' ',
      ),
      ...(this.#unsynced !== undefined && { UNSYNCED: this.#unsynced }),
    }
  }

  async #startNode(data: string): Promise<void> {
    const quota = String(QUOTA_BYTES)
    const node = await startJarswarm(
      ['start', '--data', data, '--join', this.#link, '--quota', quota, ...ALONE],
      { env: { ...this.#environment('_acknowledging.ts'), ACKNOWLEDGED: this.#log } },
    )
    this.#node = node
    this.#ends.push(() => node.stop('SIGKILL'))
  }

  async #fetchOnAndOn(): Promise<void> {
    while (!this.#resting) {
      const version = 1 + this.#random.below(this.#publisher.versions)
      const bytes = await this.#get(deployedJar(version))
      if (bytes === undefined) continue
      if (sha256(bytes) === sha256(formatDeployed(version)[1]?.bytes ?? new Uint8Array())) {
        this.#answers += 1
      } else this.#failure ??= new ViolationError('bytes', deployedJar(version))
    }
  }

  /** @returns undefined when it could not be had, or not to its end: a busy machine makes the origin slow */
  async #get(path: string): Promise<Uint8Array | undefined> {
    try {
      const answer = await fetch(`${String(this.#node?.ready.http)}/sample/${path}`)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      return answer.ok ? bytes : undefined
    } catch (error) {
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}

/** A node that meets nobody. */
export const ALONE: readonly string[] = [
  '--http',
  '127.0.0.1:0',
  '--listen',
  '/ip4/127.0.0.1/tcp/0',
  '--no-mdns',
]

/** What a node makes when it starts for the first time, from the beginning to the end of that. */
const FIRST_FILES = ['jarswarm.json', 'db', 'blobs/00', 'pid', 'joined.json']
