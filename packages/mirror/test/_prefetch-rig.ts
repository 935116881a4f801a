import { parsePath } from '@jarswarm/maven'
import type { SourceKind } from '@jarswarm/ports'
import type { TestContext } from 'node:test'
import { Prefetcher } from '../src/index.ts'
import type { PrefetchSource } from '../src/index.ts'
import { Rig } from './_rig.ts'
import type { Node, NodeOptions } from './_rig.ts'

export const ROOT = 'org/example/top/1/top-1'

export const gav = (artifact: string, version: string): string =>
  `<groupId>org.example</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`
export const dependencies = (...list: readonly string[]): string =>
  `<dependencies>${list.map((text) => `<dependency>${text}</dependency>`).join('')}</dependencies>`
export const pathOf = (artifact: string, extension: string): string =>
  `org/example/${artifact}/1/${artifact}-1.${extension}`

export class PrefetchRig extends Rig {
  prefetcher: Prefetcher | undefined

  /** Publish a project with its jar. */
  project(artifact: string, body = ''): this {
    this.builder.put(pathOf(artifact, 'pom'), `<project>${gav(artifact, '1')}${body}</project>`)
    this.builder.put(pathOf(artifact, 'jar'), `the jar of ${artifact}`)
    return this
  }

  /** Root depends on `a` and has a parent; `a` depends on `b`, and on a snapshot. */
  sample(): this {
    this.project('a', dependencies(gav('b', '1'), gav('s', '1-SNAPSHOT')))
    this.project('b').project('parent', '<packaging>pom</packaging>')
    const snapshot = 'org/example/s/1-SNAPSHOT'
    this.builder.put(
      `${snapshot}/maven-metadata.xml`,
      `<metadata><versioning><snapshotVersions>
        <snapshotVersion><extension>pom</extension><value>1-20240102.030405-1</value></snapshotVersion>
        <snapshotVersion><extension>jar</extension><value>1-20240102.030405-2</value></snapshotVersion>
      </snapshotVersions></versioning></metadata>`,
    )
    this.builder.put(`${snapshot}/s-1-20240102.030405-1.pom`, '<project><a/></project>')
    this.builder.put(`${snapshot}/s-1-20240102.030405-2.jar`, 'a snapshot')
    return this.project(
      'top',
      `<parent>${gav('parent', '1')}</parent>${dependencies(gav('a', '1'))}`,
    )
  }

  async begin(options: NodeOptions = {}, others: readonly PrefetchSource[] = []): Promise<Node> {
    this.builder.publish()
    return this.beginUnpublished(options, others)
  }

  async beginUnpublished(
    options: NodeOptions,
    others: readonly PrefetchSource[] = [],
  ): Promise<Node> {
    const node = await this.node(options)
    await this.synced(node)
    const sources = (): readonly PrefetchSource[] => [...others, node.repository.prefetchSource]
    const { blobs } = node.stores
    this.prefetcher = new Prefetcher({ sources, blobs, clock: this.clock, logger: node.logger })
    return node
  }

  /** Tell the prefetcher what a client was given. */
  served(path: string, source: SourceKind = 'origin'): void {
    this.prefetcher?.served({ repository: this.builder.id, path: parsePath(path), source })
  }

  /** Artifacts that the origin was asked for. */
  asked(): readonly string[] {
    return this.origin.requests.filter((path) => path.startsWith('org/example/')).sort()
  }
}

export async function begin(
  test: TestContext,
  options: NodeOptions = {},
): Promise<[PrefetchRig, Node]> {
  const rig = new PrefetchRig(test).sample()
  const node = await rig.begin(options)
  test.after(() => rig.prefetcher?.stop())
  return [rig, node]
}

/** Let everything happen that needs no time to pass. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export const ALL = [
  ...['top', 'a', 'b'].flatMap((name) => [pathOf(name, 'jar'), pathOf(name, 'pom')]),
  pathOf('parent', 'pom'),
  'org/example/s/1-SNAPSHOT/maven-metadata.xml',
  'org/example/s/1-SNAPSHOT/s-1-20240102.030405-1.pom',
  'org/example/s/1-SNAPSHOT/s-1-20240102.030405-2.jar',
].sort()
