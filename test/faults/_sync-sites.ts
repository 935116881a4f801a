/** Where programs sync: kinds of files, by their paths on the disk that is cut. Of trusted state the database has a copy. */
const FILES = {
  'blob files': /\/data\/tmp\/\d+$/,
  'trusted state and database': /\/data\/trust\/.*\/[01]\.tmp$/,
  'small files of a node': /\/data\/[^/]+$/,
  'publishing state': /\/state\/./,
  'published files': /\/tree\/\.jarswarm\/./,
  releases: /\/tree\/[^.]/,
} as const

/**
 * What is left out: one kind of file, or everything that programs sync. Directories have no kinds of their own: on ext4 each
 * sync of a file commits the journal, and with it all names that were given before, so that leaving them out alone loses nothing there.
 */
export type UnsyncedSites = keyof typeof FILES | 'database' | 'all'

export const UNSYNCED_SITES: readonly UnsyncedSites[] = [
  'all',
  'database',
  ...(Object.keys(FILES) as (keyof typeof FILES)[]),
]

/** Whether the sync of a file or directory is left out. */
export function isUnsynced(left: UnsyncedSites, path: string, isDirectory: boolean): boolean {
  if (left === 'all') return true
  return left !== 'database' && !isDirectory && FILES[left].test(path)
}

/** Whether the syncs of the database are left out. */
export function isDatabaseUnsynced(left: UnsyncedSites): boolean {
  return ['all', 'database', 'trusted state and database'].includes(left)
}
