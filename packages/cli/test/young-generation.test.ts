import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

const MIB = 1024 * 1024
/** What it begins with is 1 MiB at most, and it grows by doubling. */
const HELD_BYTES = MIB
const GROWN_BYTES = 4 * MIB
const MODULE = new URL('../src/young-generation.ts', import.meta.url).href

/** A process of its own, for V8 keeps what its young generation has grown to. */
const SCRIPT = `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { withSmallYoungGeneration } from '${MODULE}'
  const kept = []
  const roomAfterWork = () => {
    for (let at = 0; at < 500_000; at += 1) kept.push({ at })
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    return young.space_used_size + young.space_available_size
  }
  const held = await withSmallYoungGeneration(() => Promise.resolve(roomAfterWork()))
  // It grows by what lives through a collection, and how many of those there are is up to V8.
  let later = 0
  for (let turn = 0; turn < 10 && later < ${String(GROWN_BYTES)}; turn += 1) later = roomAfterWork()
  console.log(JSON.stringify({ held, later }))
`

describe('withSmallYoungGeneration', () => {
  it('has V8 keep its young generation small meanwhile, and no longer', () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', SCRIPT],
      { encoding: 'utf8' },
    )
    assert.equal(stderr, '')
    const { held, later } = JSON.parse(stdout) as { held: number; later: number }
    assert.ok(held <= HELD_BYTES, `held at ${String(held)} bytes`)
    assert.ok(later >= GROWN_BYTES, `then ${String(later)} bytes`)
  })
})
