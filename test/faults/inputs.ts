import { donorInputs } from './_donor-inputs.ts'
import { assertQuick, peakMemoryMiB, MAX_COST_MS } from './_cost.ts'
import type { FaultRun } from './_fault-run.ts'
import { historyInputs } from './_history-inputs.ts'
import { indexInputs } from './_index-inputs.ts'
import type { InputKind } from './_input.ts'
import { tryMany } from './_input-trial.ts'
import { signedInputs } from './_signed-inputs.ts'
import { wireInputs } from './_wire-inputs.ts'

const RUNS = 1_000_000
const SHORT_RUNS = 20_000
/** Of the whole process, which has all kinds and their samples in memory. */
const MAX_MEMORY_MIB = 640

/** All that strangers hand in. */
export async function inputKinds(): Promise<readonly InputKind[]> {
  return [
    ...signedInputs(),
    ...(await indexInputs()),
    ...(await historyInputs()),
    ...(await wireInputs()),
    ...(await donorInputs()),
  ]
}

export const inputs: FaultRun = {
  name: 'inputs',
  about: 'damaged manifests, nodes, tiles, frames, documents: none accepted, none crashes',
  async *run({ full, seed, runs: total = full ? RUNS : SHORT_RUNS }) {
    const kinds = await inputKinds()
    const shares = kinds.reduce((sum, { share = 1 }) => sum + share, 0)
    for (const kind of kinds) {
      const runs = Math.ceil((total * (kind.share ?? 1)) / shares)
      const tally = await tryMany(kind, runs, seed)
      const what = `${kind.name}: ${String(tally.runs)} damaged, ${String(tally.accepted)} still valid, slowest`
      const target = kind.slowBecause ?? `${String(MAX_COST_MS)} ms`
      yield { bench: 'inputs', what, value: tally.maxMs, unit: 'ms', target }
      if (kind.slowBecause === undefined) assertQuick(kind.name, tally.maxMs)
    }
    const value = peakMemoryMiB(MAX_MEMORY_MIB)
    const target = `${String(MAX_MEMORY_MIB)} MiB`
    yield { bench: 'inputs', what: 'resident memory at its peak', value, unit: 'MiB', target }
  },
}
