import { join } from 'node:path'
import type { Digest } from '@jarswarm/manifest'
import { RESERVED_SEGMENT } from '@jarswarm/maven'

/** Names of the files that are published in a tree. */
export interface PublishedLayout {
  readonly directory: string
  readonly manifest: string
  readonly temporary: string
  object(digest: Digest): string
  blob(digest: Digest): string
  pack(digest: Digest): string
  root(number: number): string
  /** @param name of a tile or entry bundle, as `tilePath` gives it */
  log(name: string): string
}

/** Where the published form of a repository stands in its tree. */
export function publishedLayout(treeDir: string): PublishedLayout {
  const directory = join(treeDir, RESERVED_SEGMENT)
  const at = (...names: string[]): string => join(directory, ...names)
  return {
    directory,
    manifest: at('manifest'),
    temporary: at('.unfinished'),
    object: (digest) => at('objects', digest.slice(0, 2), digest),
    blob: (digest) => at('blobs', digest.slice(0, 2), digest),
    pack: (digest) => at('packs', digest),
    root: (number) => at('roots', rootName(number)),
    log: (name) => at('log', name),
  }
}

/** Names of the files of a state directory. */
export interface StateLayout {
  readonly marker: string
  readonly keys: string
  readonly roots: string
  readonly states: string
  readonly temporary: string
  /** The root that is to follow, while its signatures are gathered. */
  readonly proposal: string
  /** Which files of the tree may not be on its disk. */
  readonly failedSyncs: string
  /** @param name of a key, without the ending */
  key(name: string): string
  root(number: number): string
  state(seq: number): string
}

/** Where a publisher keeps its keys and what it published. */
export function stateLayout(stateDir: string): StateLayout {
  return {
    marker: join(stateDir, 'jarswarm-publisher'),
    keys: join(stateDir, 'keys'),
    roots: join(stateDir, 'roots'),
    states: join(stateDir, 'states'),
    temporary: join(stateDir, 'unfinished'),
    proposal: join(stateDir, 'proposal.json'),
    failedSyncs: join(stateDir, 'failed-syncs'),
    key: (name) => join(stateDir, 'keys', `${name}.pem`),
    root: (number) => join(stateDir, 'roots', rootName(number)),
    state: (seq) => join(stateDir, 'states', String(seq)),
  }
}

function rootName(number: number): string {
  return `${String(number)}.root.json`
}
