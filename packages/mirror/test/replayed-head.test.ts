import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AcceptedStep } from '@jarswarm/ports'
import { MemoryHistoryStore } from '@jarswarm/testkit'
import { Rig } from './_rig.ts'

const NEW = 'org/example/lib/1.1/lib-1.1.pom'

/** Takes its time to note that a history was replayed. */
class SlowHistoryStore extends MemoryHistoryStore {
  isNoting = false
  mostAtATime = 0
  readonly #gate = Promise.withResolvers<undefined>()
  #atATime = 0

  override async accept(step: AcceptedStep): Promise<void> {
    this.#atATime += 1
    this.mostAtATime = Math.max(this.mostAtATime, this.#atATime)
    if (step.replayed) {
      this.isNoting = true
      await this.#gate.promise
    }
    await super.accept(step)
    this.#atATime -= 1
  }

  goOn(): void {
    this.#gate.resolve(undefined)
  }
}

describe('a full mirror', () => {
  it('goes on to a newer head while it notes that the one before was replayed', async (t) => {
    const rig = new Rig(t)
    const history = new SlowHistoryStore()
    const node = await rig.node({ mirrorPolicy: 'all', stores: { ...rig.stores(), history } })
    await rig.until(() => history.isNoting)
    rig.builder.put(NEW, 'new').publish()
    for (const [path, bytes] of rig.builder.files) rig.origin.files.set(path, bytes)
    rig.clock.advance(11_000)
    const looking = node.repository.lookForNewerHead({})
    await rig.until(() => node.repository.status().history?.heldBack?.seq === 2)
    await rig.wait(looking)
    history.goOn()
    await rig.synced(node)
    await rig.until(() => node.repository.status().history?.replayed === true)
    assert.equal(node.repository.head?.seq, 2)
    assert.equal((await history.lastStep())?.head.seq, 2)
    assert.equal(history.mostAtATime, 1)
  })
})
