import type { RepositoryStatus } from '@jarswarm/ports'

/**
 * Choose the repository whose index a server is compared with: the one that is wanted, else the only one that is
 * followed, else the one whose origin the server is.
 *
 * @param wanted name that the user gave
 * @returns its name; undefined when it cannot be told
 */
export function repositoryOf(
  url: string,
  wanted: unknown,
  repositories: readonly Pick<RepositoryStatus, 'name' | 'origin'>[],
): string | undefined {
  if (wanted !== undefined) return repositories.find(({ name }) => name === wanted)?.name
  const fitting =
    repositories.length === 1
      ? repositories
      : repositories.filter(({ origin }) => origin !== null && toBase(origin) === toBase(url))
  return fitting.length === 1 ? fitting[0]?.name : undefined
}

function toBase(url: string): string {
  // Whoever asks it says what is wrong with it.
  if (!URL.canParse(url)) return url
  const { href } = new URL(url)
  return href.endsWith('/') ? href : `${href}/`
}
