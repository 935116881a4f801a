import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { directoryHeadBytes, fileLineBytes, MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import type { TreeChange } from './judge-file.ts'

/** Finds the files that stand published directly in a directory; undefined when it has none. */
export type DirectorySource = (directory: string) => Promise<readonly IndexEntry[] | undefined>

interface OpenDirectory {
  readonly path: string
  grownBytes: number
}

/**
 * The changes that there is no room for, by path: a directory of some thousands of files, larger than an index node may
 * be, must not keep all others from being published. Removals are none of them, and of each directory it is the last.
 *
 * @param changes all of them, ascending by path; only those of directories without room are held in memory
 * @param published as it is before these changes
 */
export async function changesWithoutRoom(
  changes: AsyncIterable<TreeChange>,
  published: DirectorySource,
): Promise<ReadonlyMap<RepositoryPath, TreeChange>> {
  const excess = new Map<RepositoryPath, TreeChange>()
  const overfull = await findOverfull(changes, published)
  if (overfull.size === 0) return excess
  const crowded: { readonly change: TreeChange; readonly after: IndexEntry }[] = []
  for await (const change of changes) {
    const { after } = change
    if (after !== undefined && overfull.has(directoryOf(after.path))) {
      crowded.push({ change, after })
    }
  }
  for (const { change, after } of crowded.reverse()) {
    const directory = directoryOf(after.path)
    const bytes = overfull.get(directory) ?? 0
    const grown = grownBytes(change)
    if (bytes <= MAX_OBJECT_BYTES || grown <= 0) continue
    overfull.set(directory, bytes - grown)
    excess.set(after.path, change)
  }
  return excess
}

/** The directories that would become larger than a node may be, with their sizes in bytes. */
async function findOverfull(
  changes: AsyncIterable<TreeChange>,
  published: DirectorySource,
): Promise<Map<string, number>> {
  const overfull = new Map<string, number>()
  // Those that are not over yet, each in the one before it: paths ascend, so one is over when a path comes that is not below it.
  const open: OpenDirectory[] = []
  const closeUntil = async (isOpen: (directory: string) => boolean): Promise<void> => {
    for (let last = open.at(-1); last && !isOpen(last.path); last = open.at(-1)) {
      open.pop()
      if (last.grownBytes <= 0) continue
      const files = (await published(last.path)) ?? []
      const bytes = files.reduce((sum, entry) => sum + fileLineBytes(entry), last.grownBytes)
      const sizeBytes = directoryHeadBytes(last.path) + bytes
      if (sizeBytes > MAX_OBJECT_BYTES) overfull.set(last.path, sizeBytes)
    }
  }
  for await (const change of changes) {
    const entry = change.after ?? change.before
    if (entry === undefined) continue
    const path = directoryOf(entry.path)
    await closeUntil((above) => above === '' || above === path || path.startsWith(`${above}/`))
    let last = open.at(-1)
    if (last?.path !== path) {
      last = { path, grownBytes: 0 }
      open.push(last)
    }
    last.grownBytes += grownBytes(change)
  }
  await closeUntil(() => false)
  return overfull
}

function grownBytes({ before, after }: TreeChange): number {
  return (after ? fileLineBytes(after) : 0) - (before ? fileLineBytes(before) : 0)
}
