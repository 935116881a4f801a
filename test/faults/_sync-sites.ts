/** Where programs sync: kinds of files and directories, by their paths on the disk that is cut. */
const SITES = {
  'blob files': { is: 'file', at: /\/data\/tmp\/\d+$/ },
  'blob folders': { is: 'directory', at: /\/data\/blobs\/[0-9a-f]{2}$/ },
  'trusted state': { is: 'file', at: /\/data\/trust\/.*\/[01]\.tmp$/ },
  'folders of trusted state': { is: 'directory', at: /\/data\/trust(\/[0-9a-f]+)?$/ },
  'small files of a node': { is: 'file', at: /\/data\/[^/]+$/ },
  'data directory': { is: 'directory', at: /\/data(\/(blobs|tmp|damaged))?$/ },
  'publishing state': { is: 'file', at: /\/state\/./ },
  'folders of publishing state': { is: 'directory', at: /\/state(\/|$)/ },
  'published files': { is: 'file', at: /\/tree\/\.jarswarm\/./ },
  'folders of published files': { is: 'directory', at: /\/tree\/\.jarswarm(\/|$)/ },
  releases: { is: 'file', at: /\/tree\/[^.]/ },
  'folders of releases': { is: 'directory', at: /\/tree(\/[^.]|$)/ },
} as const

export type SyncSite = keyof typeof SITES | 'database'
/** What is left out: one kind, or everything that programs sync. */
export type UnsyncedSites = SyncSite | 'all'

export const SYNC_SITES: readonly SyncSite[] = [
  'database',
  ...(Object.keys(SITES) as (keyof typeof SITES)[]),
]

/** Whether the sync of a file or directory is left out. */
export function isUnsynced(left: UnsyncedSites, path: string, isDirectory: boolean): boolean {
  if (left === 'all') return true
  if (left === 'database') return false
  const { is, at } = SITES[left]
  return (is === 'directory') === isDirectory && at.test(path)
}
