import { formatHead, sha256 } from '@jarswarm/manifest'
import type { SignedRepositoryBuilder } from '@jarswarm/testkit'
import type { PathState, PublishedEvent } from './_operation-event.ts'
import type { SeededRandom } from './_random.ts'

const PROJECTS = 40
const DAY_MS = 86_400_000
/** Nodes take no more withdrawals than 100 a day. */
const MAX_WITHDRAWALS_A_DAY = 90
const MAX_JAR_BYTES = 3_000
/** Now and then one that comes by pieces. */
const LARGE_EVERY = 50
const LARGE_BYTES = 600_000

/** Deploys, changes and withdraws files of one repository, and says what it published. */
export class OperationPublisher {
  /** Every path that ever was, withdrawn ones too. */
  readonly paths: string[] = []
  readonly #builder: SignedRepositoryBuilder
  readonly #random: SeededRandom
  readonly #now: () => number
  readonly #versions = new Map<number, number>()
  readonly #releases: string[] = []
  readonly #withdrawals: number[] = []
  #changes = new Map<string, PathState>()

  constructor(
    { builder, now }: { readonly builder: SignedRepositoryBuilder; readonly now: () => number },
    random: SeededRandom,
  ) {
    this.#builder = builder
    this.#random = random
    this.#now = now
  }

  /** What stands already, as the first event. */
  first(): PublishedEvent {
    for (const [path, bytes] of this.#builder.files)
      if (!path.startsWith('.jarswarm/')) this.#note(path, { kind: 'file', bytes })
    return this.#event()
  }

  /** Change something, and publish. */
  publish(): PublishedEvent {
    if (this.#random.below(4) === 0) this.#withdraw()
    for (let files = 1 + this.#random.below(3); files > 0; files -= 1) this.#deploy()
    this.#builder.publish({ nowMs: this.#now() })
    return this.#event()
  }

  #event(): PublishedEvent {
    const { state } = this.#builder
    if (state === undefined) throw new Error('Cannot tell what is published: nothing is')
    const changes = this.#changes
    this.#changes = new Map()
    const { head } = state
    const atMs = Date.parse(head.issued)
    return { kind: 'published', seq: head.seq, atMs, head: sha256(formatHead(head)), changes }
  }

  #deploy(): void {
    const project = this.#random.below(PROJECTS)
    const version = (this.#versions.get(project) ?? 0) + 1
    this.#versions.set(project, version)
    const name = `p${String(project)}`
    const stem = `org/example/${name}/${String(version)}.0/${name}-${String(version)}.0`
    const large = this.#random.below(LARGE_EVERY) === 0
    const size = large ? LARGE_BYTES : 1 + this.#random.below(MAX_JAR_BYTES)
    this.#put(`${stem}.jar`, Buffer.alloc(size, `${stem} ${String(this.#random.next())} `))
    this.#put(
      `${stem}.pom`,
      Buffer.from(`<project><version>${String(version)}</version></project>`),
    )
    const metadata = `<metadata><latest>${String(version)}.0</latest></metadata>`
    this.#put(`org/example/${name}/maven-metadata.xml`, Buffer.from(metadata))
    this.#releases.push(`${stem}.jar`)
  }

  #put(path: string, bytes: Uint8Array): void {
    this.#builder.put(path, bytes)
    this.#note(path, { kind: 'file', bytes })
  }

  #withdraw(): void {
    const now = this.#now()
    const recent = this.#withdrawals.filter((at) => now - at <= DAY_MS)
    const path = this.#releases[this.#random.below(this.#releases.length)]
    if (path === undefined || recent.length >= MAX_WITHDRAWALS_A_DAY) return
    this.#releases.splice(this.#releases.indexOf(path), 1)
    this.#withdrawals.push(now)
    this.#builder.remove(path, 'malware')
    this.#note(path, { kind: 'withdrawn' })
  }

  #note(path: string, state: PathState): void {
    if (!this.paths.includes(path)) this.paths.push(path)
    this.#changes.set(path, state)
  }
}
