import { mavenRepositoryId } from '../setup/maven.ts'
import { STAND_INS } from '../setup/setup-plan.ts'
import type { SignedFile } from './signed-list.ts'

/** A file for a directory that Maven reads trusted checksums from. */
export interface ChecksumsFile {
  readonly name: string
  readonly text: string
}

/**
 * Write the summary files of Maven's trusted checksums (resolver 1.9 and later): lines as `sha256sum` writes them,
 * with the path in the local repository, ascending by path.
 *
 * @param ids what the build calls a repository, by its name here, where that is not {@link usualIds}; undefined for one
 *   file for whatever repository
 * @see https://maven.apache.org/resolver/expected-checksums.html
 */
export function mavenChecksums(
  files: readonly SignedFile[],
  ids: ReadonlyMap<string, readonly string[]> | undefined,
): readonly ChecksumsFile[] {
  const lines = new Map<string, string[]>()
  for (const { path, sha256, repository } of files) {
    const suffixes =
      ids === undefined ? [''] : (ids.get(repository) ?? usualIds(repository)).map(toSuffix)
    for (const suffix of suffixes) {
      const name = `checksums${suffix}.sha256`
      const before = lines.get(name) ?? []
      before.push(`${sha256}  ${path}\n`)
      lines.set(name, before)
    }
  }
  return [...lines].map(([name, of]) => ({ name, text: of.join('') }))
}

/**
 * What builds call a repository: its name, and the id under which `setup maven` puts the node before it. Maven takes a
 * file from either, and looks into the file of that id only.
 */
function usualIds(name: string): readonly string[] {
  return [name, mavenRepositoryId(STAND_INS.find((one) => one === name) ?? 'clojars')]
}

function toSuffix(id: string): string {
  return `-${id}`
}
