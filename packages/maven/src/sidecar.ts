import { nameOf } from './repository-path.ts'
import type { RepositoryPath } from './repository-path.ts'

/** The hash that a sidecar states. */
export type SidecarAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** A checksum file, taken apart. */
export interface Sidecar {
  /** What it is the checksum of; perhaps a signature, `….jar.asc`. */
  readonly artifact: RepositoryPath
  readonly algorithm: SidecarAlgorithm
}

const ALGORITHMS: ReadonlySet<string> = new Set<SidecarAlgorithm>([
  'md5',
  'sha1',
  'sha256',
  'sha512',
])

/** Take the name of a sidecar apart; undefined when a path is not one. */
export function sidecarOf(path: RepositoryPath): Sidecar | undefined {
  const dot = path.lastIndexOf('.')
  const algorithm = path.slice(dot + 1)
  if (dot === -1 || !ALGORITHMS.has(algorithm)) return undefined
  // What a path begins with is a path, unless that cuts a segment short.
  const artifact = path.slice(0, dot) as RepositoryPath
  if (['', '.', '..'].includes(nameOf(artifact))) return undefined
  return { artifact, algorithm: algorithm as SidecarAlgorithm }
}
