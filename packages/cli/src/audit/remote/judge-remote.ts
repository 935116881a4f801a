import type { IndexEntry } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { PastStates } from '../past-states.ts'
import { differenceOf, withRemarks } from '../verdict.ts'
import type { Difference, DifferenceKind } from '../verdict.ts'
import type { RemoteBytes, RemoteFile } from './read-remote-file.ts'

/** `"{SHA1{hex}}"`, as repository managers and nodes write it. */
const SHA1_ETAG = /^(?:W\/)?"\{SHA1\{([0-9a-f]{40})\}\}"$/i
const PAGE_NAME = /\.html?$/i

export interface SignedFile {
  readonly repository: string
  readonly entry: IndexEntry
}

/**
 * Compare what a server has at a path with what is signed.
 *
 * @returns undefined when it is the same, as far as it was read
 */
export async function judgeRemote(
  remote: RemoteFile,
  { repository, entry }: SignedFile,
  past: PastStates,
): Promise<Difference | undefined> {
  const signed = { repository, digest: entry.digest, sizeBytes: entry.sizeBytes }
  if (remote.kind !== 'bytes') {
    const nothing = { path: entry.path, sizeBytes: 0, digest: undefined }
    const remark =
      remote.kind === 'cut' ? remote.reason : `the server answers ${String(remote.status)}`
    return { ...differenceOf(remote.kind, nothing, signed), found: null, remark }
  }
  if (isSame(remote, entry)) return undefined
  const digest = remote.digests?.get('sha256')
  const found = { path: entry.path, sizeBytes: remote.sizeBytes, digest }
  if (isMutablePath(entry.path)) {
    const state = await past.find(repository, entry.path, digest)
    const kind = state === 'published' ? 'older' : 'newer'
    return { ...differenceOf(kind, found, signed), remark: MUTABLE_REMARKS[state] }
  }
  const difference = differenceOf(kindOf(remote, entry), found, signed)
  if (remote.sizeBytes === entry.sizeBytes) return difference
  return withRemarks(
    difference,
    `${String(remote.sizeBytes)} bytes, signed ${String(entry.sizeBytes)}`,
  )
}

const MUTABLE_REMARKS = {
  published: 'an earlier state of the file',
  never: 'newer than the head that is known here, or made up: no head ever named it',
  unasked: 'newer, older or made up: the history cannot be read now',
} as const

function isSame(remote: RemoteBytes, { digest, sha1, sizeBytes }: IndexEntry): boolean {
  if (remote.sizeBytes !== sizeBytes) return false
  if (remote.digests !== undefined) return remote.digests.get('sha256') === digest
  const stated = SHA1_ETAG.exec(remote.etag ?? '')?.[1]
  return stated === undefined || stated.toLowerCase() === sha1
}

function kindOf({ isPage, sizeBytes, digests }: RemoteBytes, entry: IndexEntry): DifferenceKind {
  if (isPage && !isPageName(entry.path)) return 'page'
  // Whoever was read to the end has other bytes, however many.
  return digests !== undefined || sizeBytes === entry.sizeBytes ? 'changed' : 'length'
}

/** Whether a page for people may be what the path holds. */
export function isPageName(path: string): boolean {
  return PAGE_NAME.test(path)
}
