import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { runJarswarm, startJarswarm, temporaryDirectory } from './_jarswarm.ts'
import type { Started } from './_jarswarm.ts'

const ANY = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']

/** A repository that somebody publishes, and a node that has its whole index. */
export interface Followed {
  /** `--data` and the directory of the node, for commands. */
  readonly data: readonly string[]
  readonly directory: string
  readonly tree: string
  readonly node: Started
  /** Publish the tree as it is now, and wait until the node has that. */
  readonly publish: () => Promise<void>
}

export function writeArtifact(directory: string, path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), text)
}

/** Publish some files as `demo`, and follow them. */
export async function follow(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<Followed> {
  const directory = temporaryDirectory(t)
  const [state, tree, data] = ['state', 'tree', 'data'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  for (const [path, text] of Object.entries(files)) writeArtifact(tree, path, text)
  const own = ['--state', state, '--tree', tree]
  await runJarswarm(['repo', 'init', '--state', state, '--name', 'demo'])
  const primary = await startJarswarm(t, ['repo', 'serve', ...own, ...ANY])
  const link = String(primary.ready['link'])
  const node = await startJarswarm(t, [
    ...['start', '--data', data, '--join', link, '--no-mdns'],
    ...ANY,
  ])
  await untilSeq(node, 1)
  let seq = 1
  return {
    data: ['--data', data],
    directory,
    tree,
    node,
    publish: async () => {
      await runJarswarm(['repo', 'publish', ...own])
      seq += 1
      await untilSeq(node, seq)
    },
  }
}

async function untilSeq({ ready }: Started, seq: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${String(ready['http'])}/-/status`)
    const { repositories } = (await answer.json()) as {
      repositories: { head: { seq: number } | null; index: { complete: boolean } }[]
    }
    const [only] = repositories
    if (only?.index.complete === true && only.head?.seq === seq) return
  }
}
