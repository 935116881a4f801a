import { fileOf } from './_coordinate.ts'
import type { Coordinate } from './_coordinate.ts'
import type { OriginManner } from './_faulty-origin.ts'
import { APP, BIG, deploySnapshot, LEAF, MID, ODD_NAMES, SNAPSHOT } from './_fixture-tree.ts'
import type { World } from './_world.ts'

/** One row of the matrix: what goes wrong around a build. */
export interface Fault {
  readonly id: string
  /** For the table. */
  readonly title: string
  /** What the build asks for, and all that it must bring. */
  readonly wants: readonly Coordinate[]
  readonly brings: readonly Coordinate[]
  /** Before the node starts, which then is not waited for until it knows the index. */
  readonly beforeNode?: (world: World) => void
  /** Once the node knows the whole index, and before the build. */
  readonly apply?: (world: World) => Promise<void> | void
  /** Builds at once. @defaultValue 1 */
  readonly builds?: number
  /** Send a file to the node instead of building. */
  readonly deploys?: boolean
  /** The cell deploys: it needs a repository of its own. */
  readonly changesTree?: boolean
  /** Row whose builds without a node are the same as this one's. */
  readonly directAs?: string
  /** Whether a full client cache tells something here. */
  readonly warmToo?: boolean
  /** Whether TLS between client and node tells something here. */
  readonly httpsToo?: boolean
}

const CHAIN = { wants: [APP], brings: [APP, MID, LEAF] }
const SERVE: OriginManner = { kind: 'serve' }

const onlyFor =
  (path: string, manner: OriginManner) =>
  (world: World): void => {
    world.origin.manner = (asked) => (asked === path ? manner : SERVE)
  }
const forAll =
  (manner: OriginManner) =>
  (world: World): void => {
    world.origin.manner = () => manner
  }

/** The rows of the matrix. */
export const FAULTS: readonly Fault[] = [
  {
    id: 'none',
    title: 'nothing is wrong',
    ...CHAIN,
    warmToo: true,
    httpsToo: true,
  },
  {
    id: 'node-off',
    directAs: 'none',
    title: 'the node is off',
    ...CHAIN,
    apply: (world: World) => world.stopNode(),
    warmToo: true,
    httpsToo: true,
  },
  {
    id: 'index-incomplete',
    directAs: 'none',
    title: 'the node has just started, its index comes at 300 ms an object',
    ...CHAIN,
    beforeNode(world: World): void {
      world.origin.manner = (path) => {
        if (path.endsWith('.jarswarm/manifest') || !path.startsWith('.jarswarm/')) return SERVE
        return path.includes('pack') ? { kind: 'silent' } : { kind: 'delayed', delayMs: 300 }
      }
    },
    httpsToo: true,
  },
  {
    id: 'no-head',
    directAs: 'none',
    title: 'the node has just started and knows nothing: the origin does not answer for its index',
    ...CHAIN,
    beforeNode(world: World): void {
      world.origin.manner = (path) => (path.startsWith('.jarswarm/') ? { kind: 'silent' } : SERVE)
    },
  },
  {
    id: 'no-source',
    title: 'the origin answers 503, and no peer is there',
    ...CHAIN,
    apply: forAll({ kind: 'status', status: 503 }),
    warmToo: true,
    httpsToo: true,
  },
  {
    id: 'origin-silent',
    title: 'the origin takes requests and never answers',
    ...CHAIN,
    apply: forAll({ kind: 'silent' }),
  },
  {
    id: 'origin-down-peer',
    directAs: 'no-source',
    title: 'the origin answers 503, one peer has everything',
    ...CHAIN,
    async apply(world: World): Promise<void> {
      await world.addPeer('honest')
      forAll({ kind: 'status', status: 503 })(world)
    },
    httpsToo: true,
  },
  {
    id: 'lying-peer',
    directAs: 'none',
    title: 'the one peer that says it has everything lies',
    ...CHAIN,
    async apply(world: World): Promise<void> {
      await world.addPeer('lying')
    },
  },
  {
    id: 'silent-peer',
    directAs: 'none',
    title: 'the one peer that says it has everything is silent',
    ...CHAIN,
    async apply(world: World): Promise<void> {
      await world.addPeer('silent')
    },
  },
  {
    id: 'wrong-jar',
    title: 'the origin serves other bytes for a jar',
    ...CHAIN,
    apply: onlyFor(fileOf(MID, 'jar'), { kind: 'wrong' }),
    warmToo: true,
    httpsToo: true,
  },
  {
    id: 'wrong-pom',
    title: 'the origin serves other bytes for a pom',
    ...CHAIN,
    apply: onlyFor(fileOf(MID, 'pom'), { kind: 'wrong' }),
  },
  {
    id: 'cut-small',
    title: 'the origin resets the connection in mid-body of a 200 KB jar, each time',
    ...CHAIN,
    apply: onlyFor(fileOf(MID, 'jar'), { kind: 'cut', afterBytes: 100_000 }),
  },
  {
    id: 'cut-big',
    title: 'the origin resets each connection after 30 MB of a 50 MB jar',
    wants: [BIG],
    brings: [BIG],
    apply: onlyFor(fileOf(BIG, 'jar'), { kind: 'cut', afterBytes: 30_000_000 }),
    httpsToo: true,
  },
  {
    id: 'cut-big-often',
    title: 'the origin resets each connection after 1 MB of a 50 MB jar',
    wants: [BIG],
    brings: [BIG],
    apply: onlyFor(fileOf(BIG, 'jar'), { kind: 'cut', afterBytes: 1_000_000 }),
  },
  {
    id: 'slow',
    title: 'the origin sends 20 KB/s',
    ...CHAIN,
    apply(world: World): void {
      world.origin.manner = (path) =>
        path.endsWith('.jar') ? { kind: 'slow', bytesPerSecond: 20_000 } : SERVE
    },
    httpsToo: true,
  },
  {
    id: 'snapshot-changes',
    title: 'a snapshot is deployed anew between its pom and its jar',
    wants: [SNAPSHOT],
    brings: [SNAPSHOT],
    changesTree: true,
    apply(world: World): void {
      let deployed = false
      const onRequest = async (asked: string): Promise<void> => {
        if (deployed || !/snap-1\.0-\S*\.pom(?:$| )/.test(asked)) return
        deployed = true
        deploySnapshot(world.published.tree, 2)
        await world.published.publish()
      }
      world.http.onRequest = onRequest
      if (!world.hasNode) world.origin.onRequest = onRequest
    },
  },
  {
    id: 'jar-missing',
    title: 'the origin has a pom and lost its jar (404)',
    ...CHAIN,
    apply: onlyFor(fileOf(MID, 'jar'), { kind: 'status', status: 404 }),
    warmToo: true,
  },
  {
    id: 'pom-missing',
    title: 'the origin has a jar and lost its pom (404)',
    ...CHAIN,
    apply: onlyFor(fileOf(MID, 'pom'), { kind: 'status', status: 404 }),
  },
  {
    id: 'odd-names',
    title: 'names with + and ~, a classifier, a folder data.xml',
    wants: ODD_NAMES,
    brings: ODD_NAMES,
    httpsToo: true,
  },
  {
    id: 'deploy',
    title: 'a deploy is sent to the node by mistake',
    wants: [],
    brings: [],
    deploys: true,
    httpsToo: false,
  },
  {
    id: 'sixteen',
    title: '16 builds at once',
    ...CHAIN,
    builds: 16,
  },
]
