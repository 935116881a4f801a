import { parsePath } from '@jarswarm/maven'
import type { ArtifactContent, Resolution } from '@jarswarm/ports'
import {
  ManualClock,
  MemoryBlobStore,
  MemoryIndexStore,
  MemoryProxyCache,
  MemoryProxyOrigin,
  RecordingLogger,
} from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { LanPeers } from '../src/index.ts'
import { ProxiedRepository } from '../src/index.ts'

export const JAR = 'org/a/b/1/b-1.jar'
export const METADATA = 'org/a/b/maven-metadata.xml'

export interface ProxyRig {
  readonly origin: MemoryProxyOrigin
  readonly blobs: MemoryBlobStore
  readonly cache: MemoryProxyCache
  readonly objects: MemoryIndexStore
  readonly clock: ManualClock
  readonly logger: RecordingLogger
  readonly repository: ProxiedRepository
}

/** A proxied repository over an origin in memory; stopped when the test ends. */
export function createProxyRig(
  t: TestContext,
  init: {
    readonly quotaBytes?: number
    readonly offline?: boolean
    readonly lan?: LanPeers
    readonly clock?: ManualClock
  } = {},
): ProxyRig {
  const origin = new MemoryProxyOrigin()
  const blobs = new MemoryBlobStore(init)
  const cache = new MemoryProxyCache()
  const objects = new MemoryIndexStore('a'.repeat(64))
  return reopen(t, { origin, blobs, cache, objects, clock: init.clock ?? new ManualClock() }, init)
}

/** The same files with a repository that has just started. */
export function reopen(
  t: TestContext,
  kept: Pick<ProxyRig, 'origin' | 'blobs' | 'cache' | 'objects' | 'clock'>,
  init: { readonly offline?: boolean; readonly lan?: LanPeers } = {},
): ProxyRig {
  const logger = new RecordingLogger()
  const { origin, ...rest } = kept
  const components = {
    ...rest,
    logger,
    lan: init.lan,
    origin: init.offline === true ? undefined : origin,
  }
  const url = 'https://origin.example/maven2'
  const repository = new ProxiedRepository(components, { name: 'central', url })
  t.after(() => repository.stop())
  return { ...kept, logger, repository }
}

/** The bytes of a file as an answer would get them, and where they came from. */
export async function read(
  { repository }: ProxyRig,
  path: string,
): Promise<{ readonly text: string; readonly source: string; readonly staleSeconds?: number }> {
  const found = await repository.resolve(parsePath(path), {})
  if (found.kind === 'arriving') return readAll(found.open())
  assert.equal(found.kind, 'artifact', describe(found))
  const content = await repository.open(found.entry, {})
  const { staleSeconds } = found
  return { ...(await readAll(content)), ...(staleSeconds === undefined ? {} : { staleSeconds }) }
}

export async function readAll(
  content: ArtifactContent,
): Promise<{ readonly text: string; readonly source: string }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of content.read({ offset: 0, length: content.sizeBytes }, {})) {
      chunks.push(chunk)
    }
  } finally {
    content.release()
  }
  return { text: Buffer.concat(chunks).toString('latin1'), source: content.source }
}

/** The reason why nothing can be said of a path. */
export async function reasonOf({ repository }: ProxyRig, path: string): Promise<string> {
  const found = await repository.resolve(parsePath(path), {})
  assert.equal(found.kind, 'unknown', describe(found))
  return found.reason
}

/** Wait until a condition holds, checked on each turn of the event loop; at most a bounded number of turns. */
export async function waitFor(condition: () => boolean): Promise<void> {
  const MAX_TURNS = 100_000
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    if (condition()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('Cannot go on: the condition never held')
}

function describe(found: Resolution): string {
  return found.kind === 'unknown' ? found.reason : found.kind
}
