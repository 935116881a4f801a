import { readdirSync } from 'node:fs'
import type { Dirent } from 'node:fs'

/** What a directory has under a name, as the directory itself tells. */
export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'link' | 'other'
}

/**
 * List a directory, in no order.
 *
 * @throws what the system says
 */
export function readDirectory(path: string): readonly DirectoryEntry[] {
  return readdirSync(path, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    kind: kindOf(entry),
  }))
}

/** Whether a walk goes into it, if it is a directory: hidden ones are left out. */
export function isHidden(name: string): boolean {
  return name.startsWith('.')
}

function kindOf(entry: Dirent): DirectoryEntry['kind'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  return entry.isSymbolicLink() ? 'link' : 'other'
}
