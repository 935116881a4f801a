import { openUnfollowed } from '@jarswarm/files'
import type { SidecarAlgorithm } from '@jarswarm/maven'
import { describeErrno } from './errno.ts'
import type { FileDigests } from './file-hasher.ts'
import { isUnchanged } from './tree-file.ts'
import type { TreeFile, TreeSidecar } from './tree-file.ts'

/** Room for the longest hash and, after it, a name of the longest kind. */
export const MAX_SIDECAR_BYTES = 4096

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
    const { algorithm } = sidecar
    const mismatch = compareStated(algorithm, await readSidecar(sidecar), digests)
    if (mismatch !== undefined) mismatches.push(mismatch)
  }
  return mismatches
}

/** Compare what one sidecar says, as `readStated` gives it, with the digests of its file. */
export function compareStated(
  algorithm: SidecarAlgorithm,
  found: string,
  { stated }: Pick<FileDigests, 'stated'>,
): SidecarMismatch | undefined {
  const wanted = stated.get(algorithm) ?? ''
  if (found === wanted) return undefined
  return { algorithm, reason: `its .${algorithm} says ${found}, its bytes hash to ${wanted}` }
}

/** The hash that the text of a sidecar states, in lower case; a quotation when it states none. */
export function readStated(algorithm: SidecarAlgorithm, text: string): string {
  const hex = STATED.exec(text)?.[1]?.toLowerCase()
  return hex?.length === HEX_LENGTHS[algorithm] ? hex : JSON.stringify(text.slice(0, 80))
}

async function readSidecar(sidecar: TreeSidecar): Promise<string> {
  if (sidecar.stat.size > BigInt(MAX_SIDECAR_BYTES)) return `${String(sidecar.stat.size)} bytes`
  try {
    await using handle = await openUnfollowed(sidecar.filePath)
    const found = await handle.stat({ bigint: true })
    if (!isUnchanged(sidecar.stat, found)) return 'something else than when it was listed'
    return readStated(sidecar.algorithm, await handle.readFile('utf8'))
  } catch (error) {
    return `nothing (${describeErrno(error)})`
  }
}
