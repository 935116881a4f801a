import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { InvalidRootError, RootProposal } from '@jarswarm/trust'
import { applyRoot, proposeRoot, readRootState } from '../src/index.ts'
import { lockState } from '../src/state-lock.ts'
import type { LockOptions } from '../src/state-lock.ts'
import { published, sign } from './_published.ts'
import { START_MS } from './_temporary.ts'

describe('a proposed root', () => {
  it('is applied again where that was cut off after the root was written', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    await proposeRoot({ stateDir, change: { rotate: ['timestamp'] } })
    const signed = await sign(stateDir, key)
    await writeFile(join(stateDir, 'roots/2.root.json'), RootProposal.parse(signed).root)
    const finished = await applyRoot({ stateDir, proposals: [] })
    assert.deepEqual([finished.applied, finished.already], [true, true])
    assert.deepEqual(finished.removedKeys, [join(stateDir, 'keys/timestamp.pem')])
    for (const proposals of [[signed], []]) {
      const again = await applyRoot({ stateDir, proposals })
      assert.deepEqual([again.already, again.removedKeys], [true, []])
    }
    assert.equal((await readRootState(stateDir)).current?.number, 2)
    assert.equal((await readRootState(stateDir)).pending, undefined)
    const next = await proposeRoot({ stateDir, change: {} })
    assert.equal(next.number, 3)
    assert.equal((await applyRoot({ stateDir, proposals: [] })).applied, false)
  })

  it('is wanted where there is none', async (t) => {
    const { repository } = await published(t)
    const { stateDir } = repository
    await assert.rejects(applyRoot({ stateDir, proposals: [] }), /found no proposal/)
  })

  it('waits for a server that signs anew at the same time', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    const waits: string[] = []
    const busy = async (what: string): Promise<LockOptions> => {
      const server = await lockState(stateDir)
      const onWait = (): void => {
        waits.push(what)
        void server[Symbol.asyncDispose]()
      }
      return { waitMs: 60_000, onWait }
    }
    const change = { rotate: ['timestamp'] } as const
    await proposeRoot({ stateDir, change, lock: await busy('propose') })
    const proposals = [await sign(stateDir, key)]
    const { applied } = await applyRoot({ stateDir, proposals, lock: await busy('apply') })
    assert.ok(applied)
    assert.deepEqual(waits, ['propose', 'apply'])
  })

  it('is not mixed with a copy that was given out before it changed', async (t) => {
    const { repository, key } = await published(t)
    const { stateDir } = repository
    await proposeRoot({ stateDir, change: {}, nowMs: START_MS })
    const before = await sign(stateDir, key)
    await proposeRoot({ stateDir, change: { rotate: ['timestamp'] }, nowMs: START_MS })
    const names = ['ann.json']
    await assert.rejects(applyRoot({ stateDir, proposals: [before], names }), (error) => {
      assert.ok(error instanceof InvalidRootError)
      assert.match(
        error.message,
        /^Cannot apply ann\.json beside .*proposal\.json: .*differ in timestamp,/,
      )
      return true
    })
  })
})
