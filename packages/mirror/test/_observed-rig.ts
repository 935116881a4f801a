import type { Resolution } from '@jarswarm/ports'
import { MemoryIndexStore, MemoryProxyCache, MemoryProxyOrigin } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { readAll, Rig } from './_rig.ts'
import type { Node, NodeOptions } from './_rig.ts'

export const OBSERVED = 'https://repo.example/maven/'
export const NEW = 'org/example/lib/2.0/lib-2.0.pom'
export const NEW_JAR = 'org/example/lib/2.0/lib-2.0.jar'

/** A repository that somebody saw at `OBSERVED`; what came there since is in `repo`. */
export class ObservedRig extends Rig {
  readonly repo = new MemoryProxyOrigin()
  readonly cache = new MemoryProxyCache()
  readonly opened: string[] = []

  constructor(t: TestContext) {
    super(t)
    this.builder.publish({ observed: OBSERVED })
  }

  async follower(options: NodeOptions = {}): Promise<Node> {
    const objects = new MemoryIndexStore('b'.repeat(64))
    const node = await this.node({
      openObserved: (url) => {
        this.opened.push(url)
        const origin = options.offline === true ? undefined : this.repo
        return { origin, cache: this.cache, objects }
      },
      ...options,
    })
    if (options.offline !== true) await this.synced(node)
    return node
  }

  /** Asserts that a path is passed on, and gives its bytes. */
  async pass(node: Node, path: string): Promise<string> {
    const found = await this.resolve(node, path)
    assert.ok(found.kind === 'artifact' || found.kind === 'arriving', reasonOf(found))
    assert.ok(found.unindexed, 'it is taken for verified')
    assert.equal(found.mutable, true)
    const entry = found.kind === 'artifact' ? found.entry : await this.wait(found.complete({}))
    const content = await this.wait(found.unindexed.open(entry, {}))
    const bytes = await this.wait(readAll(content))
    content.release()
    return bytes.toString('latin1')
  }

  /** Publish what the repository has at a path. */
  sign(path: string, bytes: string): void {
    this.builder.put(path, bytes)
    this.builder.publish({ observed: OBSERVED })
  }

  /** Requests for a path itself. */
  asked(path: string): number {
    return this.repo.asked.filter((one) => one === path).length
  }
}

/** Why nothing can be said, or else what is. */
export function reasonOf(found: Resolution): string {
  return found.kind === 'unknown' ? found.reason : found.kind
}
