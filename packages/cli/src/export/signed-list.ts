import type { IndexedFile, NodeControl, PathFinding, WithdrawnList } from '@jarswarm/node'
import type { AbortOptions } from '@jarswarm/ports'
import type { AuditRemark } from '../audit/audit-report.ts'
import type { WantedFiles } from './wanted-files.ts'

/** Paths asked about at a time; the node takes 512 at most. */
const PATHS_PER_QUESTION = 256

/** A file as the signed index names it. */
export interface SignedFile {
  readonly path: string
  readonly sha256: string
  readonly sha1: string
  readonly size: number
  /** Name of the repository whose index it is. */
  readonly repository: string
  /** Number of the head by whose index this was said. */
  readonly seq: number
}

/** A repository that a file is of. */
export interface SigningRepository {
  readonly name: string
  readonly id: string
  readonly seq: number
  /** Base URL that the signer saw the files at; null when the operator of the repository signs. */
  readonly observed: string | null
}

/** Wanted files that have no digest in a list, each path under one reason. */
export interface LeftOut {
  /** Paths that no followed index names. */
  readonly missing: readonly string[]
  /** Named no more, because they were taken back. */
  readonly withdrawn: WithdrawnList['files']
  /** Named by no index that can be read, with the reason why one cannot. */
  readonly unsure: readonly AuditRemark[]
  /** Paths that several repositories name with different bytes. */
  readonly ambiguous: readonly string[]
}

/** What the signed indexes say of wanted files. */
export interface SignedList extends LeftOut {
  readonly repositories: readonly SigningRepository[]
  /** Ascending by path, each once. */
  readonly files: readonly SignedFile[]
}

export interface LookUpOptions extends Required<AbortOptions> {
  /** Name of the repository that counts where several name one path differently. */
  readonly prefer?: string | undefined
}

/** Look wanted files up. Every digest is of a signed index, none of a file that lies somewhere. */
export async function lookUpWanted(
  node: NodeControl,
  { paths, optional }: Pick<WantedFiles, 'paths' | 'optional'>,
  { signal, prefer }: LookUpOptions,
): Promise<SignedList> {
  const statuses = await node.repositories({ signal })
  const seqs = new Map(statuses.map(({ name, head }) => [name, head?.seq ?? 0]))
  const files: SignedFile[] = []
  const leftOut: Growing<LeftOut> = { missing: [], withdrawn: [], unsure: [], ambiguous: [] }
  const all = [...new Set([...paths, ...optional])].toSorted()
  const wanted = new Set(paths)
  for (let at = 0; at < all.length; at += PATHS_PER_QUESTION) {
    const question = all.slice(at, at + PATHS_PER_QUESTION)
    for (const finding of await node.lookUp(question, { signal })) {
      const { path, indexed } = finding
      const entry = choose(indexed, prefer)
      if (entry === undefined) {
        if (indexed.length > 0 || wanted.has(path)) leaveOut(leftOut, finding)
        continue
      }
      const { digest, sha1, sizeBytes, repository } = entry
      const seq = seqs.get(repository) ?? 0
      files.push({ path, sha256: digest, sha1, size: sizeBytes, repository, seq })
    }
  }
  const used = new Set(files.map(({ repository }) => repository))
  const repositories = statuses
    .filter(({ name }) => used.has(name))
    .map(({ name, id, head, observed }) => ({ name, id, seq: head?.seq ?? 0, observed }))
  return { repositories, files, ...leftOut }
}

/** @returns undefined when none names it, or several do and not with the same bytes */
function choose(
  indexed: readonly IndexedFile[],
  prefer: string | undefined,
): IndexedFile | undefined {
  const [first] = indexed
  const preferred = indexed.find(({ repository }) => repository === prefer)
  if (preferred !== undefined) return preferred
  return indexed.every(({ digest }) => digest === first?.digest) ? first : undefined
}

function leaveOut(leftOut: Growing<LeftOut>, finding: PathFinding): void {
  const { path, indexed, withdrawn, unsure } = finding
  const [taken] = withdrawn
  if (indexed.length > 0) leftOut.ambiguous.push(path)
  else if (taken !== undefined) leftOut.withdrawn.push({ path, ...taken })
  else if (unsure !== null) leftOut.unsure.push({ path, reason: unsure })
  else leftOut.missing.push(path)
}

type Growing<T> = {
  readonly [key in keyof T]: T[key] extends readonly (infer Item)[] ? Item[] : T[key]
}
