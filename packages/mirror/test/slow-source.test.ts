import { UnavailableError } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POM, readAll, Rig } from './_rig.ts'

describe('a fetch from a slow source', () => {
  it('gives what a slow source is about to complete, and nothing that would keep a client waiting', async (t) => {
    for (const [stepMs, early] of [
      [1_000, true],
      [2_000, false],
    ] as const) {
      const rig = new Rig(t)
      const node = await rig.node()
      await rig.synced(node)
      sendSlowly(rig, stepMs)
      const before = rig.clock.now()
      const opening = rig.open(node, POM)
      if (early) {
        const content = await opening
        assert.equal(content.early, true)
        assert.equal(content.source, 'origin')
        assert.equal(content.isArriving?.(), true)
        assert.ok(rig.clock.now() - before <= 8_000)
        const whole = await rig.wait(readAll(content))
        assert.deepEqual(whole, Buffer.from(rig.builder.files.get(POM) ?? []))
        assert.equal(content.isArriving(), false)
        content.release()
      } else await assert.rejects(opening, UnavailableError)
      assert.ok(rig.clock.now() - before <= 16_000)
    }
  })
})

/** The origin sends each file in ten steps. */
function sendSlowly(rig: Rig, stepMs: number): void {
  const { origin, clock } = rig
  const read = origin.readArtifact.bind(origin)
  origin.readArtifact = async function* (name, options) {
    for await (const bytes of read(name, options)) {
      const step = Math.ceil(bytes.length / 10)
      for (let offset = 0; offset < bytes.length; offset += step) {
        await new Promise<void>((resolve) => {
          clock.setTimer(resolve, stepMs)
        })
        yield bytes.subarray(offset, offset + step)
      }
    }
  }
}
