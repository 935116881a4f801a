import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { DataDirectory } from '@jarswarm/store'
import type { RepositoryId } from '@jarswarm/trust'

/** All that a data directory says, each thing by its name, as JSON. What is not there has no entry. */
export type Content = ReadonlyMap<string, string>

/** What to ask of a data directory that cannot be listed. */
export interface Asked {
  readonly repository: RepositoryId
  readonly objects: readonly Digest[]
}

/** Read all that a data directory says. */
export async function readContent(directory: DataDirectory, asked: Asked): Promise<Content> {
  const { repository } = asked
  const content = new Map<string, string>()
  const note = (name: string, value: unknown): void => {
    if (value !== undefined) content.set(name, JSON.stringify(value))
  }
  for await (const { digest, sizeBytes } of directory.blobs.list())
    note(`blob ${digest}`, sizeBytes)
  for await (const [name, value] of directory.records.list('')) note(`record ${name}`, value)
  const index = directory.index(repository)
  note('index root', await index.completeRoot())
  for await (const entry of index.listEntries('')) note(`entry ${entry.path}`, entry)
  for (const digest of asked.objects) {
    const bytes = await index.getObject(digest)
    // A node compares an object with its digest before it uses it; one that differs counts as missing.
    if (bytes !== undefined && sha256(bytes) === digest) note(`object ${digest}`, true)
  }
  const trust = await directory.trust.load(repository)
  note('trust', trust && [...trust.roots, trust.manifest].map((bytes) => bytes && sha256(bytes)))
  return content
}

/** How what is said now differs from what was said: names of what is missing, and of what says something else. */
export function compareContent(
  before: Content,
  now: Content,
): { readonly missing: readonly string[]; readonly other: readonly string[] } {
  const missing = [...before.keys()].filter((name) => !now.has(name))
  const other = [...now].filter(([name, value]) => before.get(name) !== value)
  return { missing, other: other.map(([name]) => name) }
}
