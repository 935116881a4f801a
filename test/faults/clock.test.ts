import { describe, it } from 'node:test'
import { jumpOften, refuseUnsetClock, SkewedNode, SKEWS } from './clock.ts'

describe('a node by a wrong clock', () => {
  for (const [days, state] of SKEWS.slice(0, 2))
    it(`takes a head ${String(days)} days ahead for ${state}, and a newer one all the same`, async (t) => {
      const node = await SkewedNode.start(t, days)
      await node.assertState(state)
      await node.publish()
      await node.assertState(state)
    })

  it('does not start before the program was made', async (t) => {
    await refuseUnsetClock(t)
  })

  it('says so when heads come from the future, as they do a year back', async (t) => {
    const node = await SkewedNode.start(t, 0)
    await node.jump([-365, 'fresh'])
    await node.publish()
    await node.assertState('fresh')
    await node.warned()
    await node.jump([0, 'fresh'])
  })

  it('follows a clock that jumps, and neither head nor bytes go back', async (t) => {
    await jumpOften(t, 12, 20_261_123)
  })
})
