import { createHash } from 'node:crypto'
import { SeededRandom } from './_random.ts'
import { Testnet } from '../swarm/_testnet.ts'
import type { Ending } from '../swarm/_testnet.ts'

const PROJECTS = 120
/** Every so many projects have a large jar. */
const LARGE_EVERY = 12
const SMALL_BYTES = 40_000
const LARGE_BYTES = 1_500_000
const METADATA = 'org/example/maven-metadata.xml'

/** A repository that gets a new version now and then, and what each of its files must be. */
export class SoakRepository {
  readonly net: Testnet
  /** SHA-256 in hex of all that each path ever was: the last of them is the newest. */
  readonly #digests = new Map<string, string[]>()
  readonly #random: SeededRandom
  #paths: string[] = []
  #published = 0

  private constructor(net: Testnet, random: SeededRandom) {
    this.net = net
    this.#random = random
  }

  static async create(test: Ending, seed: number): Promise<SoakRepository> {
    const random = new SeededRandom(seed)
    const files: Record<string, Uint8Array> = { [METADATA]: Buffer.from('<metadata/>') }
    for (let project = 0; project < PROJECTS; project += 1) {
      const size = project % LARGE_EVERY === 0 ? LARGE_BYTES : SMALL_BYTES
      Object.assign(files, version(project, 1, { random, size }))
    }
    const repository = new SoakRepository(await Testnet.create(test, files), random)
    repository.#remember(Object.entries(files))
    repository.#paths = Object.keys(files)
    return repository
  }

  /** All paths that clients may know of. */
  get paths(): readonly string[] {
    return this.#paths
  }

  /** Heads after the first. */
  get published(): number {
    return this.#published
  }

  /** Publish a further version of some project, and the one mutable file anew; clients hear of it once it has `arrived`. */
  async publish(arrived: (seq: number) => Promise<unknown>): Promise<void> {
    this.#published += 1
    const project = this.#random.below(PROJECTS)
    const random = this.#random
    const files = Object.entries(
      version(project, 1 + this.#published, { random, size: SMALL_BYTES }),
    )
    files.push([METADATA, Buffer.from(`<metadata>${String(this.#published)}</metadata>`)])
    const { builder } = this.net
    for (const [path, bytes] of files) builder.put(path, bytes)
    const { head } = builder.publish({ nowMs: Date.now() })
    this.#remember(files)
    await arrived(head.seq)
    this.#paths = [...this.#digests.keys()]
  }

  /** Whether a path ever was these bytes. */
  isRight(path: string, bytes: Uint8Array): boolean {
    return this.#digests.get(path)?.includes(sha256(bytes)) === true
  }

  #remember(files: readonly (readonly [string, Uint8Array])[]): void {
    for (const [path, bytes] of files) {
      const digests = this.#digests.get(path) ?? []
      digests.push(sha256(bytes))
      this.#digests.set(path, digests)
    }
  }
}

/** A jar with its pom. */
function version(
  project: number,
  number: number,
  { random, size }: { readonly random: SeededRandom; readonly size: number },
): Record<string, Uint8Array> {
  const name = `p${String(project)}`
  const stem = `org/example/${name}/${String(number)}/${name}-${String(number)}`
  const jar = Buffer.alloc(size, `${stem} ${String(random.next())} `)
  const pom = `<project><artifactId>${name}</artifactId><version>${String(number)}</version></project>`
  return { [`${stem}.jar`]: jar, [`${stem}.pom`]: Buffer.from(pom) }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
