import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { providerKey } from '@jarswarm/ports'
import { MAX_RECORDS_AT_ONCE } from '../src/dht/limits.ts'
import { REPOSITORY, startNode, waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

const keyOf = (project: string): string => providerKey({ repository: REPOSITORY, project })
const projectsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `g/p${String(at)}`)

interface Rig {
  readonly holder: TestNode
  readonly servers: readonly TestNode[]
  /** Keys of the records that each server was given, in that order. */
  readonly given: readonly string[][]
}

/** DHT servers whose index has some projects, and a node that knows all of them. */
async function rig(t: TestContext, known: readonly string[], count = 1): Promise<Rig> {
  const servers: TestNode[] = []
  const given: string[][] = []
  for (let at = 0; at < count; at += 1) {
    const server = await startNode(t, { role: 'bootstrap' })
    for (const project of known) server.content.addProject(REPOSITORY, project)
    const keys: string[] = []
    const { content } = server
    const knows = content.knowsProviderKey.bind(content)
    t.mock.method(content, 'knowsProviderKey', (repository: string, key: string) => {
      keys.push(key)
      return knows(repository, key)
    })
    servers.push(server)
    given.push(keys)
  }
  const bootstrap = servers.flatMap(({ swarm }) => swarm.listenAddresses())
  const holder = await startNode(t, { bootstrap, dht: 'client', summaries: false })
  await waitFor('all servers', () => holder.swarm.followers(REPOSITORY).length === count)
  return { holder, servers, given }
}

async function tell({ swarm }: TestNode, projects: readonly string[]): Promise<string[]> {
  const told: string[] = []
  for await (const project of swarm.provide(REPOSITORY, projects, {})) told.push(project ?? '*')
  return told
}

describe('announcing many projects', () => {
  it('gives each record once to each server', async (t) => {
    const projects = projectsOf(40)
    const { holder, given } = await rig(t, projects, 3)
    assert.deepEqual((await tell(holder, projects)).toSorted(), projects.toSorted())
    for (const keys of given) assert.deepEqual(keys.toSorted(), projects.map(keyOf).toSorted())
  })

  it('loses none behind one that a server refuses', async (t) => {
    const projects = projectsOf(12)
    const { holder, given } = await rig(t, projects)
    const all = [...projects.slice(0, 5), 'not/indexed', ...projects.slice(5)]
    assert.deepEqual((await tell(holder, all)).toSorted(), all.toSorted())
    assert.deepEqual(new Set(given[0]), new Set(all.map(keyOf)))
  })

  it('gives MAX_RECORDS_AT_ONCE at a time', async (t) => {
    const projects = projectsOf(MAX_RECORDS_AT_ONCE + 1)
    const { holder, given } = await rig(t, projects)
    let told = 0
    for await (const project of holder.swarm.provide(REPOSITORY, projects, {})) {
      assert.ok(project !== undefined)
      told += 1
      if (told <= MAX_RECORDS_AT_ONCE) assert.equal(given[0]?.length, MAX_RECORDS_AT_ONCE)
    }
    assert.equal(told, projects.length)
    assert.equal(given[0]?.length, projects.length)
  })

  it('goes on with the servers that are left', async (t) => {
    const projects = projectsOf(3)
    const { holder, servers, given } = await rig(t, projects, 2)
    await servers[0]?.swarm.stop()
    assert.deepEqual((await tell(holder, projects)).toSorted(), projects)
    assert.equal(given[1]?.length, 3)
  })
})
