import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Client } from './_client.ts'
import { readerOf } from './_client.ts'
import type { Place } from './_client.ts'

/** Where the fixture's own groups are, and not a client's plugins. */
const OURS = ['org/example/**/*', 'org/clojure/data.xml/**/*']

/** What Maven's resolver, which Leiningen and the Clojure CLI use too, left in a local repository. */
export function inLocalRepository(
  folderOf: (place: Place) => string,
): Pick<Client, 'brought' | 'remembered'> {
  const files = (place: Place, pattern: RegExp): readonly string[] => {
    const cwd = folderOf(place)
    if (!existsSync(cwd)) return []
    return globSync(OURS, { cwd }).filter((name) => pattern.test(name))
  }
  return {
    brought: (place) =>
      new Map(
        files(place, /\.(jar|pom)$/).map((path) => [
          basename(path),
          readerOf(join(folderOf(place), path)),
        ]),
      ),
    remembered: (place) => files(place, /\.(lastUpdated|part|part\.lock)$/),
  }
}
