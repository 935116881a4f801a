import { readFile } from 'node:fs/promises'
import type { SidecarAlgorithm } from '@jarswarm/maven'
import { describeErrno } from './errno.ts'
import type { FileDigests } from './hash-file.ts'
import type { TreeFile, TreeSidecar } from './tree-file.ts'

/** Room for the longest hash and, after it, a name of the longest kind. */
const MAX_SIDECAR_BYTES = 4096n

// What md5sum and its kind write, or the hash alone; any case, as some tools write upper case.
const STATED = /^\s*([0-9a-f]+)(?:\s.*)?$/is

const HEX_LENGTHS: Readonly<Record<SidecarAlgorithm, number>> = {
  md5: 32,
  sha1: 40,
  sha256: 64,
  sha512: 128,
}

/** A sidecar that does not say what its file hashes to. */
export interface SidecarMismatch {
  readonly algorithm: SidecarAlgorithm
  readonly reason: string
}

/** Compare the sidecars of a file with its digests, ascending by algorithm. */
export async function checkSidecars(
  file: TreeFile,
  digests: FileDigests,
): Promise<readonly SidecarMismatch[]> {
  const mismatches: SidecarMismatch[] = []
  for (const sidecar of file.sidecars) {
    const wanted = digests.stated.get(sidecar.algorithm) ?? ''
    const found = await readSidecar(sidecar)
    if (found === wanted) continue
    const reason = `its .${sidecar.algorithm} says ${found}, its bytes hash to ${wanted}`
    mismatches.push({ algorithm: sidecar.algorithm, reason })
  }
  return mismatches
}

async function readSidecar(sidecar: TreeSidecar): Promise<string> {
  if (sidecar.stat.size > MAX_SIDECAR_BYTES) return `${String(sidecar.stat.size)} bytes`
  try {
    const text = await readFile(sidecar.filePath, 'utf8')
    const hex = STATED.exec(text)?.[1]?.toLowerCase()
    if (hex?.length === HEX_LENGTHS[sidecar.algorithm]) return hex
    return JSON.stringify(text.slice(0, 80))
  } catch (error) {
    return `nothing (${describeErrno(error)})`
  }
}
