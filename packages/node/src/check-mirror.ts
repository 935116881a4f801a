import { join } from 'node:path'
import { inspectUpstream, sampleEntries } from '@jarswarm/mirror'
import type { UpstreamInspection } from '@jarswarm/mirror'
import type { AbortOptions } from '@jarswarm/ports'
import { PUBLISHED_FOLDER } from '@jarswarm/ports'
import { parseManifest, TrustedRepository } from '@jarswarm/trust'
import { sha256 } from '@jarswarm/manifest'
import { HttpUpstream } from '@jarswarm/upstream'
import { UnpublishedTreeError } from './errors.ts'
import { PublishedFiles } from './primary/published-files.ts'
import { SystemClock } from './system-clock.ts'

/** Files that are compared before a mirror gets on the list. */
const SAMPLE_FILES = 5
/** Longest look at a mirror. */
const CHECK_TIMEOUT_MS = 30_000

export interface MirrorCheckInit {
  /** Directory in which the published form of the repository stands. */
  readonly treeDir: string
  /** Base URL of the mirror. */
  readonly url: string
  /** Version of the program, for the User-Agent. */
  readonly version: string
}

/** What a mirror turned out to be, beside the published form of its repository. */
export type MirrorCheck = UpstreamInspection

/**
 * Compare an HTTP mirror with a published tree: its head, and some files.
 *
 * @throws {UnpublishedTreeError} when nothing is published in the tree
 */
export async function checkMirror(
  init: MirrorCheckInit,
  options: AbortOptions,
): Promise<MirrorCheck> {
  const published = new PublishedFiles(join(init.treeDir, PUBLISHED_FOLDER))
  const trusted = await readTrusted(published)
  const { head } = trusted
  const index = { read: published.object.bind(published), root: head?.index.root ?? '' }
  const sample = await sampleEntries(index, SAMPLE_FILES, Math.random)
  const clock = new SystemClock()
  const upstream = new HttpUpstream(
    { clock },
    { kind: 'mirror', url: init.url, version: init.version },
  )
  const timeout = AbortSignal.timeout(CHECK_TIMEOUT_MS)
  try {
    return await inspectUpstream(upstream, {
      id: trusted.id,
      record: trusted.record(),
      sample,
      readObject: index.read,
      nowMs: clock.now(),
      signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
    })
  } finally {
    await upstream.close()
  }
}

/** The tree's own manifest, verified from its first root on. */
async function readTrusted(published: PublishedFiles): Promise<TrustedRepository> {
  const manifest = await published.manifest()
  const first = await published.root(1)
  if (manifest === undefined || first === undefined) {
    throw new UnpublishedTreeError('Cannot check the mirror: nothing is published in the tree')
  }
  const trusted = TrustedRepository.create(sha256(first), first)
  for (let number = 2; number <= parseManifest(manifest).rootNumber; number += 1) {
    const root = await published.root(number)
    if (root !== undefined) trusted.acceptRoot(root)
  }
  trusted.accept(manifest, Date.now())
  return trusted
}
