import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** What `library.json` beside the sources of a sample library says. */
export interface LibraryDescription {
  readonly group: string
  readonly artifact: string
  /** Ends in `-SNAPSHOT` when it is not released yet. */
  readonly version: string
  readonly description: string
  readonly dependencies: readonly Dependency[]
  /** When it was built, ISO 8601 in UTC; for a snapshot, one time per build, oldest first. */
  readonly builds: readonly [string, ...string[]]
  /** A resource that is made when the library is packed, for it is too large to keep. */
  readonly generated?: { readonly path: string; readonly sizeBytes: number }
}

/** Another library that a library needs. */
export interface Dependency {
  readonly group: string
  readonly artifact: string
  readonly version: string
}

/** A sample library: its description and its sources. */
export interface SampleLibrary extends LibraryDescription {
  /** By path within the jar, ascending. */
  readonly sources: ReadonlyMap<string, Uint8Array>
}

/** Read the library whose sources stand in a directory. */
export async function readLibrary(directory: string): Promise<SampleLibrary> {
  const text = await readFile(join(directory, 'library.json'), 'utf8')
  const description = JSON.parse(text) as LibraryDescription
  const sourceDir = join(directory, 'src')
  const entries = await readdir(sourceDir, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const sources = new Map<string, Uint8Array>()
  for (const path of paths) {
    sources.set(relative(sourceDir, path).replaceAll('\\', '/'), await readFile(path))
  }
  return { ...description, sources }
}
