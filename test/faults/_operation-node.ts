import { formatHead, sha256 } from '@jarswarm/manifest'
import type { RepositoryId } from '@jarswarm/trust'
import { UnavailableError } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'
import type { Answer } from '../../packages/endpoint/src/answer.ts'
import { HotBlobs } from '../../packages/endpoint/src/hot-blobs.ts'
import { MavenRoutes } from '../../packages/endpoint/src/maven-routes.ts'
import { toRefusal } from '../../packages/endpoint/src/refusal-answer.ts'
import { ServedVersions } from '../../packages/endpoint/src/served-versions.ts'
import { untilAborted } from '../../packages/endpoint/src/until-aborted.ts'
import { SidecarDigests } from '../../packages/endpoint/src/sidecar-digests.ts'
import type { Node, NodeOptions, Rig } from '../../packages/mirror/test/_rig.ts'
import type { OperationEvent, SwarmEvent } from './_operation-event.ts'
import type { OperationChecker } from './_operation-history.ts'
import { headerOf } from './_operation-range.ts'
import type { AskedRange } from './_operation-range.ts'
import type { OperationStores } from './_operation-stores.ts'
import { withRoomTold } from './_told-room.ts'

/** Small, so that the store is asked often. */
const HOT_CACHE_BYTES = 20_000
/** As the endpoint has it. */
const DECISION_MS = 7_500
/** For a whole body, which the endpoint gives up sooner when no byte comes. */
const BODY_MS = 60_000

/** What a client asks. */
export interface Question {
  readonly verb: OperationEvent['verb']
  readonly path: string
  /** Of `range`. */
  readonly range?: AskedRange
}

export interface OperationNodeInit {
  readonly name: string
  readonly options: NodeOptions
  /** What its blobs may take together; Infinity for no limit. */
  readonly quotaBytes: number
}

export interface OperationNodeComponents {
  readonly rig: Rig
  readonly stores: OperationStores
  readonly log: (event: SwarmEvent) => void
  readonly checker: Pick<OperationChecker, 'events'>
  /** Begin to watch whom a node could ask; the answer names those who could be asked all the while. */
  readonly watch: (node: string) => () => readonly string[]
}

/** A node in memory with what the endpoint makes of it, without sockets. Everything it does goes to the log. */
export class OperationNode {
  readonly name: string
  readonly #components: OperationNodeComponents
  readonly #init: OperationNodeInit
  #node: Node | undefined
  #routes: MavenRoutes
  #seen = 0
  #life: object | undefined

  constructor(components: OperationNodeComponents, init: OperationNodeInit) {
    this.name = init.name
    this.#components = components
    this.#init = init
    this.#routes = this.#newRoutes()
  }

  /** Undefined while it is down. */
  get running(): Node | undefined {
    return this.#node
  }

  /** Whether it can end without being closed. */
  get mortal(): boolean {
    return this.#components.stores.mortal
  }

  /** Start it on what it had stored before. */
  async start(): Promise<void> {
    const { log, rig } = this.#components
    const { name, options } = this.#init
    this.#routes = this.#newRoutes()
    const stores = await this.#components.stores.open()
    // Before it runs: then nothing comes while it is counted.
    const digests = new Set<string>()
    for await (const { digest } of stores.blobs.list()) digests.add(digest)
    log({ kind: 'inventory', node: name, digests, quotaBytes: this.#init.quotaBytes })
    const life = {}
    this.#life = life
    // A store in memory outlives who listened to it.
    stores.blobs.onChange(({ kind, digest }) => {
      if (this.#life !== life) return
      log({ kind: kind === 'added' ? 'stored' : 'dropped', node: name, digest })
    })
    const blobs = withRoomTold(stores.blobs, (kind, sizeBytes) => {
      // What is left of a life that was ended has no room any more.
      if (this.#life === life) log({ kind, node: name, sizeBytes })
    })
    const node = await rig.node({ ...options, name, stores: { ...stores, blobs } })
    this.#node = node
    this.#look(node, true)
  }

  async stop(): Promise<void> {
    const node = this.#node
    this.#node = undefined
    await node?.stop()
    await this.#components.stores.close()
  }

  /** End it as a process that is killed: nothing is closed, and nothing more reaches its disk. */
  async kill(): Promise<void> {
    const node = this.#node
    this.#node = undefined
    await this.#components.stores.die()
    // What is left of it in this process ends, too; a dead process has no say in how.
    await node?.stop().catch(() => undefined)
  }

  /**
   * Ask it something.
   *
   * @returns the status, or that the body broke off; undefined of a node that is down, or stopped meanwhile
   */
  async ask(question: Question): Promise<number | 'broken off' | undefined> {
    const node = this.#node
    if (node === undefined) return undefined
    const { rig, checker, watch } = this.#components
    const from = this.#look(node)
    const askedAt = checker.events
    const nowMs = rig.clock.now()
    const reachable = watch(this.name)
    const answer = await this.#answer(node, question)
    const { bytes: body, brokeOff } = await readBody(answer, rig.clock)
    // What a node says that is stopped meanwhile is nobody's answer.
    if (this.#node !== node) return undefined
    const to = this.#look(node)
    const { verb, path, range } = question
    this.#components.log({
      kind: 'operation',
      verb,
      node: this.name,
      path,
      from,
      to,
      status: answer.status,
      askedAt,
      nowMs,
      reachable: reachable(),
      digest: sha256(body),
      sizeBytes: lengthOf(answer),
      ...(range && { range }),
      brokeOff: brokeOff !== undefined,
      ...(brokeOff !== undefined && { reason: brokeOff }),
      ...(answer.status >= 400 && { reason: Buffer.from(body).toString('utf8') }),
      ...(verb === 'list' && { names: namesOf(body) }),
    })
    return brokeOff === undefined ? answer.status : 'broken off'
  }

  /** Note the head in use when it is another. */
  #look(node: Node, always = false): number {
    const { head } = node.repository
    const seq = head?.seq ?? 0
    if (always || seq !== this.#seen) {
      const digest = head === undefined ? undefined : sha256(formatHead(head))
      this.#components.log({ kind: 'head', node: this.name, seq, head: digest })
    }
    this.#seen = seq
    return seq
  }

  async #answer(node: Node, { verb, path, range }: Question): Promise<Answer> {
    const { clock, builder } = this.#components.rig
    const decision = new AbortController()
    const timer = clock.setTimer(() => {
      decision.abort(new UnavailableError('No source answered in time'))
    }, DECISION_MS)
    try {
      return await this.#routes.answer({
        method: verb === 'head' ? 'HEAD' : 'GET',
        headers: range ? { range: headerOf(range) } : {},
        source: sourceOf(node, builder.id),
        path: { segments: path.split('/'), folder: verb === 'list' },
        exchange: decision,
      })
    } catch (error) {
      return toRefusal(error)
    } finally {
      timer.cancel()
    }
  }

  #newRoutes(): MavenRoutes {
    const blobs = new HotBlobs({}, { hotCacheBytes: HOT_CACHE_BYTES })
    const digests = new SidecarDigests(blobs)
    const versions = new ServedVersions(this.#components.rig.clock)
    return new MavenRoutes({ blobs, digests, versions, prefetch: undefined })
  }
}

function sourceOf(node: Node, id: RepositoryId): ReturnType<Node['mirror']['sources']>[number] {
  const source = node.mirror.sources().find((one) => one.id === id)
  if (source === undefined) throw new Error('Cannot ask the node: it follows nothing')
  return source
}

/** The body as a client has it, and why no more of it came. */
interface ReadBody {
  readonly bytes: Uint8Array
  readonly brokeOff?: string
}

async function readBody({ body }: Answer, clock: Clock): Promise<ReadBody> {
  if (body.kind === 'none') return { bytes: new Uint8Array() }
  if (body.kind === 'bytes') return { bytes: body.bytes }
  const silence = new AbortController()
  const timer = clock.setTimer(() => {
    silence.abort(new UnavailableError('The body stands still'))
  }, BODY_MS)
  try {
    const { signal } = silence
    return { bytes: await untilAborted(readAll(body.content.read(body.range, { signal })), signal) }
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    return { bytes: new Uint8Array(), brokeOff: error.message }
  } finally {
    timer.cancel()
    body.content.release()
  }
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

function lengthOf({ body }: Answer): number {
  switch (body.kind) {
    case 'none':
      return 0
    case 'bytes':
      return body.bytes.length
    case 'stream':
      return body.range.length
  }
}

/** What a listing names, but the way up. */
function namesOf(page: Uint8Array): readonly string[] {
  const links = Buffer.from(page)
    .toString('utf8')
    .matchAll(/<a href="[^"]*">([^<]*)<\/a>/g)
  return [...links].map(([, name = '']) => name).filter((name) => name !== '../')
}
