import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeControl } from '@jarswarm/node'
import { allow, deny, readDenied } from '../../src/deny/denied-files.ts'
import { keptTerminal } from '../_terminal.ts'

const JAR = 'org/evil/evil/1/evil-1.jar'
const POM = 'org/evil/evil/1/evil-1.pom'
/** Its group is called as its repository. */
const OWN = 'demo/lib/1/lib-1.jar'
const INDEXED = [OWN, JAR, POM, 'org/good/good/1/good-1.jar']
const DIGEST = 'ab'.repeat(32)

/** A node that follows `demo`, with the list that it keeps. */
function createNode(): { readonly node: NodeControl; readonly list: Set<string> } {
  const list = new Set<string>()
  const followed = [{ name: 'demo' }]
  const made = {
    status: () => Promise.resolve({ repositories: followed, proxied: [{ name: 'central' }] }),
    repositories: () => Promise.resolve(followed),
    lookUp: (paths: readonly string[]) =>
      Promise.resolve(
        paths.map((path) => ({
          path,
          indexed: INDEXED.filter((one) => one === path),
          withdrawn: [],
        })),
      ),
    readIndex: ({ after }: { readonly after: string }) => {
      const [first, ...rest] = INDEXED.filter((path) => path > after).map((path) => ({ path }))
      const next = rest.length === 0 ? null : first?.path
      return Promise.resolve({ entries: first === undefined ? [] : [first], next })
    },
    denials: ({ add, remove }: Parameters<NodeControl['denials']>[0] & object) => {
      if (add !== undefined) list.add(add.what)
      if (remove !== undefined) list.delete(remove)
      return Promise.resolve([...list].map((what) => ({ what })))
    },
  }
  return { node: made as unknown as NodeControl, list }
}

/** What stands on the list, and what is said about it. */
async function denied(what: string): Promise<readonly [readonly string[], string]> {
  const { node, list } = createNode()
  const terminal = keptTerminal()
  await deny(node, { what, reason: null }, terminal)
  return [[...list], terminal.remarked()]
}

describe('deny', () => {
  it('puts on the list what can match', async () => {
    const moved = `denied is ${JAR}, whatever repository it is of\n`
    assert.deepEqual(await denied(JAR), [[JAR], ''])
    assert.deepEqual(await denied(`demo/${JAR}`), [[JAR], moved])
    assert.deepEqual(await denied(`${JAR}.sha1`), [[JAR], moved])
    assert.deepEqual(await denied(`demo/${JAR}.sha256`), [[JAR], moved])
    assert.deepEqual(await denied(OWN), [[OWN], ''])
    assert.deepEqual(await denied(DIGEST.toUpperCase()), [[DIGEST], ''])
    const [list, said] = await denied('central/a/b/1/b-1.jar')
    assert.deepEqual(list, ['a/b/1/b-1.jar'])
    assert.match(said, /no followed index names a\/b\/1\/b-1\.jar/)
  })

  it('takes the files that are below a directory now', async () => {
    const later = 'files that come below org/evil/ later are not denied\n'
    assert.deepEqual(await denied('org/evil/'), [[JAR, POM], later])
    assert.deepEqual(await denied('demo/org/evil/'), [[JAR, POM], later])
    await assert.rejects(denied('org/ev/'), /Cannot deny org\/ev\/: no followed index names a file/)
  })

  it('refuses what can never match', () => {
    assert.throws(() => readDenied('39BEBD', []), /found 6 hexadecimal digits, a SHA-256 has 64/)
    for (const wrong of ['../x', '/a', 'a//b', '/']) {
      assert.throws(() => readDenied(wrong, []), { code: 'ERR_USAGE' }, wrong)
    }
  })
})

describe('allow', () => {
  it('takes off what was added, however it is named, and says whether it was there', async () => {
    const { node, list } = createNode()
    const terminal = keptTerminal()
    for (const [added, removed] of [
      [JAR, `demo/${JAR}.sha1`],
      [DIGEST, DIGEST.toUpperCase()],
      ['org/evil/', 'org/evil/'],
    ] as const) {
      await deny(node, { what: added, reason: null }, terminal)
      assert.equal(await allow(node, removed, terminal), true)
      assert.equal(list.size, 0)
    }
    assert.equal(await allow(node, JAR, terminal), false)
  })
})
