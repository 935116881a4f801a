// When a node is killed. Moments are waited for, as chance alone would hardly ever find the short ones; in which moment a kill really came
// is said by what the node had reported when it was gone.
import { setTimeout as delay } from 'node:timers/promises'
import type { Acknowledgements, UnderWay } from './_acknowledged.ts'
import type { KilledNode } from './_killed-node.ts'
import type { SeededRandom } from './_random.ts'
import { ViolationError } from './_violation-error.ts'

/** What a new node makes, and does, in this order, until it has a whole index. */
const FIRST_FILES = ['jarswarm.json', 'db', 'blobs/00', 'pid', 'joined.json']
const FIRST_STEPS: readonly ((said: Acknowledgements) => boolean)[] = [
  ({ trust }) => trust.isBegun,
  ({ trust }) => trust.acknowledged !== undefined,
  ({ step }) => step.isBegun,
  ({ step }) => step.acknowledged !== undefined,
  ({ index }) => index.isBegun,
]
/** Longest wait for a moment: the repository may be away meanwhile. */
const MAX_WAIT_MS = 180_000
const LOOK_MS = 2
/** A node that serves is killed, or the moment waited for, after so long at most. */
const SERVING_MS = 500

/** While a node begins with an empty directory. */
export async function untilFirstSync(node: KilledNode, random: SeededRandom): Promise<void> {
  const at = random.below(FIRST_FILES.length + FIRST_STEPS.length)
  const step = FIRST_STEPS[at - FIRST_FILES.length]
  await orFails(node, `file or step ${String(at)}`, async (signal) => {
    if (step !== undefined) await node.until(step)
    else while (!signal.aborted && !node.has(FIRST_FILES[at] ?? '')) await delay(LOOK_MS)
  })
}

/** While a node starts on what it has, or shortly after. */
export function untilStarting(node: KilledNode, random: SeededRandom): Promise<void> {
  return orFails(node, 'start', () => delay(random.below(node.command.lastStartMs)))
}

/** While a node serves: in the midst of something drawn, or whenever. */
export async function untilServing(
  node: KilledNode,
  { random, kinds }: { readonly random: SeededRandom; readonly kinds: readonly UnderWay[] },
): Promise<void> {
  const kind = kinds[random.below(kinds.length + 1)]
  await orFails(node, kind ?? 'serving', async () => {
    await delay(random.below(SERVING_MS))
    if (kind !== undefined) await node.until(({ underWay }) => underWay.has(kind))
  })
}

/** Wait for something of a node. @throws {ViolationError} when it does not start, or nothing comes */
async function orFails(
  node: KilledNode,
  what: string,
  moment: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const ended = new AbortController()
  const { signal } = ended
  const late = async (): Promise<never> => {
    await node.command.untilReady()
    await delay(MAX_WAIT_MS, undefined, { signal })
    throw new ViolationError(
      'status',
      `${node.dataDir} does not come to ${what}: ${node.command.errors()}`,
    )
  }
  const isLate = late()
  isLate.catch(() => undefined)
  try {
    await Promise.race([moment(signal), isLate])
  } finally {
    ended.abort()
  }
}
