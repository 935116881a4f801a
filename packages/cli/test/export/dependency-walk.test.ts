import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { GottenArtifact, NodeControl } from '@jarswarm/node'
import { UnavailableError } from '@jarswarm/ports'
import { DependencyWalk } from '../../src/export/dependency-walk.ts'

const artifact = (version: string) => ({
  ...{ group: 'g', artifact: 'a', version, classifier: undefined, extension: 'jar' },
})

/** A node whose index names every path, and that gives files as the test says. */
function nodeThat(get: NodeControl['get']): NodeControl {
  const node = {
    get,
    status: () => Promise.resolve({}),
    lookUp: (paths: readonly string[]) =>
      Promise.resolve(paths.map((path) => ({ path, indexed: [{ repository: 'demo' }] }))),
  }
  return node as unknown as NodeControl
}

const NEVER = new AbortController().signal

describe('DependencyWalk', () => {
  it('waits for a swarm that is not there once, and not for each POM', async () => {
    const node = nodeThat(async (address, { signal } = {}) => {
      if (address.includes('/1/')) throw new UnavailableError('nobody has it')
      // It waits for as long as it may.
      return await new Promise<GottenArtifact>((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    })
    const walk = new DependencyWalk(node, NEVER, { hurriedMs: 1 })
    for (const version of ['1', '2', '3']) await walk.readPoms([artifact(version)])
    assert.deepEqual(
      walk.remarks(),
      ['1', '2', '3'].map(
        (version) =>
          `g/a/${version}/a-${version}.pom could not be read: what it depends on is not known`,
      ),
    )
  })
})
