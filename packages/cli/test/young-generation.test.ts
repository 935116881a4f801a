import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

const MODULE = new URL('../src/young-generation.ts', import.meta.url).href

/** A process of its own, for V8 keeps what its young generation has grown to. */
const SCRIPT = `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { setImmediate as turn } from 'node:timers/promises'
  import { withSmallYoungGeneration } from '${MODULE}'
  const room = () => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    return young.space_used_size + young.space_available_size
  }
  // It grows by what lives through a collection. While V8 marks it may be larger for a moment, whatever it is held at: the
  // least of several looks counts, without the first two.
  const leastRoom = async () => {
    const rooms = []
    for (let look = 0; look < 10; look += 1) {
      const living = []
      for (let at = 0; at < 500_000; at += 1) living.push({ at })
      rooms.push(room())
      await turn()
    }
    return Math.min(...rooms.slice(2))
  }
  const before = room()
  const held = await withSmallYoungGeneration(leastRoom)
  const later = await leastRoom()
  console.log(JSON.stringify({ before, held, later }))
`

describe('withSmallYoungGeneration', () => {
  it('has V8 keep its young generation small meanwhile, and no longer', () => {
    const env = { ...process.env, NODE_OPTIONS: '' }
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
      encoding: 'utf8',
      env,
    })
    const { before = 0, held = 0, later = 0 } = JSON.parse(stdout) as Record<string, number>
    assert.ok(held <= before, `grew from ${String(before)} to ${String(held)} bytes`)
    assert.ok(later > held, `then ${String(later)} bytes`)
  })
})
