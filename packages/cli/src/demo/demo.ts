import { join } from 'node:path'
import { once } from 'node:events'
import { packSampleRepository } from '../sample/sample-repository.ts'
import { readyLine } from '../ready-line.ts'
import { formatSize } from '../size.ts'
import { sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import type { RunningCommand } from './child-process.ts'
import { makeDemoDirectory, removeAbandoned, removeDemoDirectory } from './demo-directory.ts'
import { DemoSwarm, REPOSITORY_NAME } from './demo-swarm.ts'
import { farmTree } from './link-farm.ts'
import { Narrator } from './narrator.ts'
import { answers, fetchFile, fetchPatiently, readStatus, waitForStatus } from './node-http.ts'
import type { FetchedFile } from './node-http.ts'
import type { Coordinates } from './snippets.ts'
import { coordinatesOf, formatSnippets } from './snippets.ts'
import { chooseArtifact, countBlobs, hashOfFile, listArtifacts } from './tree-facts.ts'
import type { TreeFileFacts } from './tree-facts.ts'

/** The mirror fills behind the demo's back; with a large tree the demo does not wait for its end. */
const MAX_MIRROR_WAIT_MS = 30_000

/** What each node is connected to before the primary may die. */
const MIN_PEERS = 3

export interface DemoOptions {
  /** Maven tree of the user; the sample repository when undefined. */
  readonly tree: string | undefined
  readonly json: boolean
}

/** What the demo showed, as it stands in the JSON document. */
interface DemoResult {
  readonly artifact: string
  readonly url: string
  readonly bytes: number
  readonly ms: number
  readonly source: string
  readonly sha256: string
  readonly expectedSha256: string
  readonly matches: boolean
}

/**
 * Show a whole swarm on this machine, and stay until the user stops it. Everything it made is removed then.
 *
 * @returns whether the artifact came from the swarm with the right bytes
 */
export async function runDemo(terminal: Terminal, options: DemoOptions): Promise<boolean> {
  await removeAbandoned()
  const dir = await makeDemoDirectory()
  const swarm = new DemoSwarm(dir, terminal.signal)
  try {
    return await new Demo(terminal, options, swarm).run()
  } finally {
    await swarm.stop()
    await removeDemoDirectory(dir)
  }
}

class Demo {
  readonly #terminal: Terminal
  readonly #options: DemoOptions
  readonly #swarm: DemoSwarm
  readonly #narrator: Narrator
  /** What the snippets resolve; the shown artifact itself when undefined. */
  #library: Coordinates | undefined

  constructor(terminal: Terminal, options: DemoOptions, swarm: DemoSwarm) {
    this.#terminal = terminal
    this.#options = options
    this.#swarm = swarm
    this.#narrator = new Narrator(terminal, options.json)
  }

  async run(): Promise<boolean> {
    const { signal } = this.#terminal
    const narrator = this.#narrator
    await this.#makeTree()
    await narrator.step(
      'Publish it: index every file, sign the index.',
      () => this.#swarm.publish(),
      ({ files, bytes }) => `${String(files)} files, ${formatSize(bytes)}`,
    )
    const primary = await narrator.step(
      'Start the primary: the one server that has the files.',
      () => this.#swarm.startPrimary(),
      ({ ready, pid }) => `${ready.http ?? ''}, process ${String(pid)}`,
    )
    await narrator.step(
      'Start a bootstrap, which only helps nodes to find each other.',
      () => this.#swarm.startBootstrap(),
      ({ ready, pid }) => `${ready.listen[0] ?? ''}, process ${String(pid)}`,
    )
    const nodes = await narrator.step(
      'Start three nodes. The first one mirrors everything, the others hold what they are asked for.',
      () => this.#swarm.startNodes(),
      (started) => started.map(({ ready }) => ready.http).join(', '),
    )
    const artifacts = await listArtifacts(this.#swarm.treeDir)
    const artifact = chooseArtifact(artifacts)
    if (artifact === undefined) {
      throw new UsageError('Cannot show the tree: it holds no jar or pom of at most 64 MB')
    }
    await this.#fill(nodes, { artifacts, artifact })
    const asked = nodes.at(-1)
    if (asked === undefined) throw new Error('Cannot show the swarm: no node was started')
    if (this.#options.json) {
      const { http, listen } = asked.ready
      sayJson(
        this.#terminal,
        readyLine({ http: http ?? undefined, listen, link: this.#swarm.link }),
      )
    }
    const result = await this.#show(artifact, { primary, asked })
    this.#conclude(result, asked)
    if (!signal.aborted) await once(signal, 'abort')
    return result.matches
  }

  async #makeTree(): Promise<void> {
    const { tree } = this.#options
    const { treeDir } = this.#swarm
    if (tree === undefined) {
      const libraries = await this.#narrator.step(
        'Pack a sample Maven repository: a few small Clojure libraries.',
        () => packSampleRepository(treeDir),
        (packed) => packed.map(({ artifact, version }) => `${artifact} ${version}`).join(', '),
      )
      // Dependencies come first, so that the last one has some.
      this.#library = libraries.findLast(({ version }) => !version.endsWith('-SNAPSHOT'))
      return
    }
    const files = await this.#narrator.step(
      `Take the files of ${tree}. Nothing is written there: the demo works on links to them.`,
      () => farmTree(tree, { to: treeDir, signal: this.#terminal.signal }),
      (count) => `${String(count)} files`,
    )
    if (files === 0) {
      throw new UsageError(
        `Cannot show ${tree}: it holds no files, a Maven tree such as ~/.m2/repository is wanted`,
      )
    }
  }

  async #fill(
    nodes: readonly RunningCommand[],
    tree: { readonly artifacts: readonly TreeFileFacts[]; readonly artifact: TreeFileFacts },
  ): Promise<void> {
    const { signal } = this.#terminal
    const urls = nodes.map(({ ready }) => ready.http ?? '')
    const [mirror = ''] = urls
    const blobs = await countBlobs(this.#swarm.treeDir, tree.artifacts)
    await this.#narrator.step(
      'Wait until all nodes have met and have the index, and the first one has the files.',
      async () => {
        const wait = { signal, maxMs: MAX_MIRROR_WAIT_MS }
        for (const url of urls) {
          await waitForStatus(
            url,
            wait,
            ({ repositories }) => repositories[0]?.index.complete === true,
          )
        }
        await waitForStatus(mirror, wait, ({ store }) => store.blobs >= blobs)
        // The primary, the bootstrap and the first node: no node depends on the primary any more.
        for (const url of urls) {
          await waitForStatus(url, wait, ({ peers }) => peers.connected >= MIN_PEERS)
        }
        // A large tree takes longer than this; what the demo shows must be there.
        await fetchFile(`${mirror}/${REPOSITORY_NAME}/${tree.artifact.path}`, signal)
        return readStatus(mirror, signal)
      },
      ({ store }) => `node 1 holds ${String(store.blobs)} files, ${formatSize(store.bytes)}`,
    )
  }

  async #show(
    artifact: TreeFileFacts,
    { primary, asked }: { readonly primary: RunningCommand; readonly asked: RunningCommand },
  ): Promise<DemoResult> {
    const { signal } = this.#terminal
    const nodeUrl = asked.ready.http ?? ''
    await this.#narrator.step(
      'Kill the primary with SIGKILL, as a power cut would.',
      () => primary.kill(),
      () => `process ${String(primary.pid)} is gone`,
    )
    if (await answers(primary.ready.http ?? '', signal))
      throw new Error('Cannot kill the primary: it still answers')
    const { store } = await readStatus(nodeUrl, signal)
    const url = `${nodeUrl}/${REPOSITORY_NAME}/${artifact.path}`
    const start = performance.now()
    const fetched = await this.#narrator.step(
      `Ask node 3, which holds ${String(store.blobs)} files, for ${artifact.path}.`,
      () => fetchPatiently(url, signal),
      describeFetched,
    )
    const ms = Math.round(performance.now() - start)
    const { source, sha256, sizeBytes: bytes } = fetched
    const expectedSha256 = await hashOfFile(join(this.#swarm.treeDir, artifact.path))
    const matches = fetched.status === 200 && sha256 === expectedSha256
    return { artifact: artifact.path, url, bytes, ms, source, sha256, expectedSha256, matches }
  }

  #conclude(result: DemoResult, asked: RunningCommand): void {
    const narrator = this.#narrator
    const { artifact, matches, expectedSha256 } = result
    const repository = `${asked.ready.http ?? ''}/${REPOSITORY_NAME}/`
    if (this.#options.json) sayJson(this.#terminal, { repository, primaryKilled: true, ...result })
    narrator.tell(
      `    SHA-256 in the published tree: ${expectedSha256}: ${matches ? 'the same' : 'DIFFERENT'}`,
    )
    narrator.tell('')
    narrator.tell(`The primary stays dead. Node 3 serves ${repository} from its peers:`)
    narrator.tell('')
    const library = this.#library ?? coordinatesOf(artifact)
    if (library !== undefined) {
      for (const line of formatSnippets({ url: repository, library, path: artifact }))
        narrator.tell(line)
    }
    narrator.tell('')
    narrator.tell('Ctrl-C ends all of it and removes what it made.')
  }
}

function describeFetched({ status, source, sizeBytes, sha256 }: FetchedFile): string {
  return `HTTP ${String(status)}, ${formatSize(sizeBytes)}, X-Jarswarm-Source: ${source}, SHA-256 ${sha256}`
}
