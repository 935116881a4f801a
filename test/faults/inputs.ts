import { donorInputs } from './_donor-inputs.ts'
import type { FaultRun } from './_fault-run.ts'
import { historyInputs } from './_history-inputs.ts'
import { indexInputs } from './_index-inputs.ts'
import type { InputKind } from './_input.ts'
import { tryMany } from './_input-trial.ts'
import { signedInputs } from './_signed-inputs.ts'
import { wireInputs } from './_wire-inputs.ts'

const RUNS = 1_000_000
const SHORT_RUNS = 20_000

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
      const target = kind.slowBecause ?? '50 ms'
      yield { bench: 'inputs', what, value: tally.maxMs, unit: 'ms', target }
    }
    const peak = process.resourceUsage().maxRSS / 1024
    yield { bench: 'inputs', what: 'resident memory at its peak', value: peak, unit: 'MiB' }
  },
}
