import type { InputKind } from './_input.ts'
import { drawMutations, mutate } from './_mutations.ts'
import type { Mutation } from './_mutations.ts'
import { SeededRandom } from './_random.ts'

/** A slower one is taken again, and the quickest counts: collecting the garbage of others takes time now and then. */
const DOUBTFUL_MS = 10
const REPEATS = 3

/** What one damaged input led to. */
export type Outcome = 'accepted' | 'refused'

/** What came of many damaged inputs of one kind. */
export interface InputTally {
  readonly kind: InputKind
  readonly runs: number
  readonly accepted: number
  /** Processor time of the slowest. */
  readonly maxMs: number
}

/**
 * Hand one damaged input in.
 *
 * @throws whatever is no refusal of that kind: a wrong acceptance, or a crash
 */
export async function tryInput(
  kind: InputKind,
  sample: Uint8Array,
  mutations: readonly Mutation[],
): Promise<Outcome> {
  return await hand(kind, mutate(sample, mutations, kind.samples), sample)
}

/** Hand in `runs` damaged inputs that follow from the seed; stops at the first failure, with all that replays it. */
export async function tryMany(kind: InputKind, runs: number, seed: number): Promise<InputTally> {
  const random = new SeededRandom(seed ^ hashOf(kind.name))
  let accepted = 0
  let maxMs = 0
  for (let run = 0; run < runs; run += 1) {
    const sample = kind.samples[random.below(kind.samples.length)] ?? new Uint8Array()
    const bytes = mutate(sample, drawMutations(random), kind.samples)
    try {
      const [outcome, ms] = await timedHand(kind, bytes, sample)
      if (outcome === 'accepted') accepted += 1
      maxMs = Math.max(maxMs, ms)
    } catch (cause) {
      const shown = Buffer.from(bytes).toString('base64').slice(0, 8_000)
      throw new Error(
        `Cannot stand input ${String(run)} of seed ${String(seed)}, ${kind.name}: ${String(cause)}; in base64: ${shown}`,
        { cause },
      )
    }
  }
  return { kind, runs, accepted, maxMs }
}

async function timedHand(
  kind: InputKind,
  bytes: Uint8Array,
  sample: Uint8Array,
): Promise<[Outcome, number]> {
  const [outcome, first] = await once(kind, bytes, sample)
  let best = first
  for (let again = 1; again < REPEATS && best > DOUBTFUL_MS; again += 1) {
    best = Math.min(best, (await once(kind, bytes, sample))[1])
  }
  return [outcome, best]
}

async function once(
  kind: InputKind,
  bytes: Uint8Array,
  sample: Uint8Array,
): Promise<[Outcome, number]> {
  const start = process.threadCpuUsage()
  const outcome = await hand(kind, bytes, sample)
  const { user, system } = process.threadCpuUsage(start)
  return [outcome, (user + system) / 1_000]
}

async function hand(kind: InputKind, bytes: Uint8Array, sample: Uint8Array): Promise<Outcome> {
  try {
    return (await kind.take(bytes, sample)) ? 'accepted' : 'refused'
  } catch (error) {
    if (error instanceof Error && kind.refusals.includes(error.name)) return 'refused'
    throw error
  }
}

/** So that kinds do not share their damage. */
function hashOf(text: string): number {
  return Buffer.from(text).reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 7)
}
