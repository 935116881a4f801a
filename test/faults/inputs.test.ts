import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mustHold } from './_input.ts'
import type { InputKind } from './_input.ts'
import { tryInput, tryMany } from './_input-trial.ts'
import { MUTATION_KINDS } from './_mutations.ts'
import { inputKinds } from './inputs.ts'

const RUNS_EACH = 60
const SEED = 20_261_123
const kinds = await inputKinds()

const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom(...MUTATION_KINDS),
    at: fc.nat(0xffff_ffff),
    value: fc.nat(0xffff_ffff),
  }),
  { minLength: 1, maxLength: 4 },
)

describe('what strangers hand in', () => {
  for (const kind of kinds) {
    it(`is refused in good order when it is damaged: ${kind.name}`, async (t) => {
      const numRuns = Math.ceil(RUNS_EACH * (kind.share ?? 1))
      const samples = fc.constantFrom(...kind.samples)
      await fc.assert(
        fc.asyncProperty(samples, mutations, async (sample, changes) => {
          await tryInput(kind, sample, changes)
        }),
        { numRuns },
      )
      t.diagnostic(`seed ${String(SEED)}`)
      await tryMany(kind, numRuns, SEED)
    })
    it(`is accepted as it stands: ${kind.name}`, async () => {
      for (const sample of kind.samples) assert.equal(await tryInput(kind, sample, []), 'accepted')
    })
  }
})

describe('tryMany', () => {
  const kind: InputKind = {
    name: 'text',
    samples: [Buffer.from('valid')],
    refusals: ['SyntaxError'],
    take: () => true,
  }

  it('names the seed of what was wrongly accepted', async () => {
    const gullible = {
      ...kind,
      take(bytes: Uint8Array) {
        mustHold(Buffer.from(bytes).toString() === 'valid', 'another text')
        return true
      },
    }
    await assert.rejects(tryMany(gullible, 50, 7), /input \d+ of seed 7, text: .*another text/)
  })

  it('takes an error of another class for a crash', async () => {
    const fragile = {
      ...kind,
      take() {
        throw new TypeError('undefined is not an object')
      },
    }
    await assert.rejects(tryMany(fragile, 1, 7), /TypeError/)
  })

  it('does the same for the same seed', async () => {
    const seen: string[] = []
    const recording = {
      ...kind,
      take(bytes: Uint8Array) {
        seen.push(Buffer.from(bytes).toString('hex'))
        return true
      },
    }
    await tryMany(recording, 20, 3)
    await tryMany(recording, 20, 3)
    assert.deepEqual(seen.slice(0, 20), seen.slice(20))
  })
})
