import { parsePath, sidecarOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { InvalidAddressError } from './errors.ts'

/** A file of a followed repository, as users name it: `<repository name>/<path>`. */
export interface ArtifactAddress {
  readonly repository: string
  readonly path: RepositoryPath
}

/**
 * Read `clojars/ring/ring-core/1.8.2/ring-core-1.8.2.jar`.
 *
 * @throws {InvalidAddressError} when there is no path, or it names a sidecar
 * @throws {InvalidPathError} when the path is none of a repository
 */
export function parseAddress(text: string): ArtifactAddress {
  const [repository = '', ...segments] = text.replace(/^\//, '').split('/')
  if (repository === '' || segments.length === 0 || segments.at(-1) === '') {
    throw new InvalidAddressError(
      `Cannot read ${JSON.stringify(text)}: REPOSITORY/PATH is wanted, such as ` +
        'clojars/ring/ring-core/1.8.2/ring-core-1.8.2.jar',
    )
  }
  const path = parsePath(segments.join('/'))
  if (sidecarOf(path) === undefined) return { repository, path }
  throw new InvalidAddressError(
    `Cannot read ${text}: it is a checksum file, which is derived from its file; the file itself is wanted`,
  )
}
