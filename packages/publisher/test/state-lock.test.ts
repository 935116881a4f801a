import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StateLockedError } from '../src/index.ts'
import { lockState } from '../src/state-lock.ts'
import { createRepository } from './_temporary.ts'

describe('lockState', () => {
  it('refuses a directory that somebody holds, at once or when the wait is over', async (t) => {
    const { stateDir } = await createRepository(t)
    await using held = await lockState(stateDir)
    assert.ok(held.path.startsWith(stateDir))
    const said: number[] = []
    await assert.rejects(lockState(stateDir), StateLockedError)
    const wait = { waitMs: 1, onWait: (pid: number) => said.push(pid) }
    await assert.rejects(lockState(stateDir, wait), StateLockedError)
    assert.deepEqual(said, [process.pid])
  })

  it('waits for whoever is at work, and says so once', async (t) => {
    const { stateDir } = await createRepository(t)
    const first = await lockState(stateDir)
    const said: number[] = []
    const second = lockState(stateDir, {
      waitMs: 60_000,
      onWait: (pid) => {
        said.push(pid)
        void first[Symbol.asyncDispose]()
      },
    })
    await (await second)[Symbol.asyncDispose]()
    assert.deepEqual(said, [process.pid])
  })

  it('stops waiting when it is told to', async (t) => {
    const { stateDir } = await createRepository(t)
    await using held = await lockState(stateDir)
    assert.ok(held.path.startsWith(stateDir))
    const controller = new AbortController()
    const waiting = lockState(stateDir, {
      waitMs: 60_000,
      onWait: () => {
        controller.abort(new Error('enough'))
      },
      signal: controller.signal,
    })
    await assert.rejects(waiting, /^Error: enough$/)
  })
})
