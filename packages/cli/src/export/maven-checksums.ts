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
 * @param ids what the build calls a repository, by its name here; undefined for one file for whatever repository
 * @see https://maven.apache.org/resolver/expected-checksums.html
 */
export function mavenChecksums(
  files: readonly SignedFile[],
  ids: ReadonlyMap<string, string> | undefined,
): readonly ChecksumsFile[] {
  const lines = new Map<string, string[]>()
  for (const { path, sha256, repository } of files) {
    const suffix = ids === undefined ? '' : `-${ids.get(repository) ?? repository}`
    const name = `checksums${suffix}.sha256`
    lines.set(name, [...(lines.get(name) ?? []), `${sha256}  ${path}\n`])
  }
  return [...lines].map(([name, of]) => ({ name, text: of.join('') }))
}
