import type { RepositoryPath } from './repository-path.ts'

/** The hash that a sidecar states. */
export type SidecarAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** A checksum file, taken apart. */
export interface Sidecar {
  /** What it is the checksum of; perhaps a signature, `….jar.asc`. */
  readonly artifact: RepositoryPath
  readonly algorithm: SidecarAlgorithm
}

const SIDECAR = /^(.*[^/])\.(md5|sha1|sha256|sha512)$/

/** Take the name of a sidecar apart; undefined when a path is not one. */
export function sidecarOf(path: RepositoryPath): Sidecar | undefined {
  const match = SIDECAR.exec(path)
  if (match === null) return undefined
  // The pattern makes both groups take part, and what a path begins with is a path.
  const artifact = match[1] as RepositoryPath
  if (artifact.endsWith('/.') || artifact.endsWith('/..') || /^\.\.?$/.test(artifact))
    return undefined
  return { artifact, algorithm: match[2] as SidecarAlgorithm }
}
