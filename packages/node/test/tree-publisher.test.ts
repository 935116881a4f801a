import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { createLogger, SystemClock } from '@jarswarm/node'
import type { Logger } from '@jarswarm/ports'
import { RecordingLogger } from '@jarswarm/testkit'
import { TreePublisher } from '../src/primary/tree-publisher.ts'
import type { TreeLook } from '../src/primary/tree-publisher.ts'
import { refuseWatches } from './_refuse-watches.ts'
import { temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

const NEVER_MS = 3_600_000

interface Trial {
  readonly treeDir: string
  /** What was to be published, one after the other; undefined is the whole tree. */
  readonly looks: (readonly string[] | undefined)[]
  /** Called at each look with its number, from 1 on. */
  onLook: (look: TreeLook, number: number) => void
}

interface TrialInit {
  readonly walkMs?: number
  readonly settleMs?: number
  readonly logger?: Logger
}

function startPublisher(t: TestContext, init: TrialInit = {}): Trial {
  const treeDir = temporaryDirectory(t)
  const trial: Trial = { treeDir, looks: [], onLook: () => undefined }
  const publish = (look: TreeLook): Promise<void> => {
    trial.looks.push(look.paths)
    trial.onLook(look, trial.looks.length)
    return Promise.resolve()
  }
  const { logger = createLogger({ level: 'silent' }) } = init
  const components = {
    publish,
    clock: new SystemClock(),
    logger,
  }
  const { walkMs = NEVER_MS, settleMs = NEVER_MS } = init
  const publisher = new TreePublisher(components, { treeDir, walkMs, settleMs })
  t.after(() => publisher.stop())
  publisher.start()
  return trial
}

const write = ({ treeDir }: Trial, path: string): void => {
  mkdirSync(join(treeDir, path, '..'), { recursive: true })
  writeFileSync(join(treeDir, path), 'x')
}

describe('TreePublisher', () => {
  it('looks at the whole tree at the start, and then at what changes', async (t) => {
    const trial = startPublisher(t)
    await waitFor('the first look', () => trial.looks.length === 1)
    assert.deepEqual(trial.looks, [undefined])
    write(trial, 'a/b/1.0/b-1.0.jar')
    await waitFor('the change', () => trial.looks.flat().includes('a/b/1.0/b-1.0.jar'))
    assert.ok(!trial.looks.slice(1).includes(undefined))
  })

  it('looks again, at the same and what came since, after a failure', async (t) => {
    const trial = startPublisher(t)
    await waitFor('the first look', () => trial.looks.length === 1)
    trial.onLook = (_, number) => {
      if (number === 2) write(trial, 'later')
      if (number === 2) throw new Error('somebody else publishes')
    }
    write(trial, 'first')
    await waitFor('both', () => {
      const again = trial.looks.slice(2).flat()
      return again.includes('first') && again.includes('later')
    })
  })

  it('looks once more at a file that may still have been written, when it has settled', async (t) => {
    const trial = startPublisher(t, { settleMs: 50 })
    trial.onLook = ({ onYoung }, number) => {
      if (number === 1) onYoung('a/young.jar')
    }
    await waitFor('the second look', () => trial.looks.length === 2)
    assert.deepEqual(trial.looks, [undefined, ['a/young.jar']])
  })

  it('looks at the whole tree from time to time', async (t) => {
    const trial = startPublisher(t, { walkMs: 20 })
    await waitFor('three looks', () => trial.looks.length >= 3)
    assert.deepEqual(trial.looks.slice(0, 3), [undefined, undefined, undefined])
  })

  it('goes on by looks alone when the tree cannot be watched, and says once what would let it', async (t) => {
    const logger = new RecordingLogger()
    refuseWatches(t, 0)
    const trial = startPublisher(t, { walkMs: 20, logger })
    await waitFor('three looks', () => trial.looks.length >= 3)
    assert.deepEqual(trial.looks.slice(0, 3), [undefined, undefined, undefined])
    const [line, ...others] = logger.lines
    assert.match(
      String(line?.message),
      /looked at every 0.02 s only.*fs\.inotify\.max_user_watches/,
    )
    assert.deepEqual(others, [])
  })
})
