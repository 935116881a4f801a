import type { NodeControl } from '@jarswarm/node'
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

/** What the signed indexes say of wanted files. */
export interface SignedList {
  readonly repositories: readonly SigningRepository[]
  /** Ascending by path, each once. */
  readonly files: readonly SignedFile[]
  /** Paths that no followed index names. */
  readonly missing: readonly string[]
}

/** Look wanted files up. Every digest is of a signed index, none of a file that lies somewhere. */
export async function lookUpWanted(
  node: NodeControl,
  { paths, optional }: Pick<WantedFiles, 'paths' | 'optional'>,
  signal: AbortSignal,
): Promise<SignedList> {
  const statuses = await node.repositories({ signal })
  const seqs = new Map(statuses.map(({ name, head }) => [name, head?.seq ?? 0]))
  const files: SignedFile[] = []
  const missing: string[] = []
  const all = [...new Set([...paths, ...optional])].toSorted()
  const wanted = new Set(paths)
  for (let at = 0; at < all.length; at += PATHS_PER_QUESTION) {
    const question = all.slice(at, at + PATHS_PER_QUESTION)
    for (const { path, indexed } of await node.lookUp(question, { signal })) {
      const [entry] = indexed
      if (entry === undefined) {
        if (wanted.has(path)) missing.push(path)
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
  return { repositories, files, missing }
}
