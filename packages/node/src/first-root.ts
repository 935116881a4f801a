import { sha256 } from '@jarswarm/manifest'
import { NotHeldError, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { AbortOptions, Upstream } from '@jarswarm/ports'
import { MAX_ROOT_BYTES, RepositoryIdMismatchError } from '@jarswarm/trust'
import type { SwarmLink } from '@jarswarm/trust'

/**
 * Compare the first root that a link's origin gives with the id in the link, so that whoever joins with a wrong
 * link hears of it at once. An origin that cannot be reached is no reason not to join: peers have the root, too.
 *
 * @throws {RepositoryIdMismatchError} when the origin is another repository's
 */
export async function checkFirstRoot(
  link: SwarmLink,
  upstream: Upstream,
  options: AbortOptions,
): Promise<void> {
  const actual = await readFirstRootDigest(upstream, options)
  if (actual === undefined || actual === link.id) return
  const error = new RepositoryIdMismatchError(link.id, actual)
  error.message =
    `Cannot join ${link.name}: ${upstream.url} gives the first root of repository ${actual}, ` +
    `that of ${link.id} is wanted; ask whoever gave you the link for the right one`
  throw error
}

async function readFirstRootDigest(
  upstream: Upstream,
  options: AbortOptions,
): Promise<string | undefined> {
  try {
    const name = { kind: 'root', number: 1 } as const
    return sha256(await upstream.readPublished(name, { ...options, maxBytes: MAX_ROOT_BYTES }))
  } catch (error) {
    const isAway =
      error instanceof NotHeldError ||
      error instanceof SourceUnavailableError ||
      error instanceof TruncatedError
    if (isAway) return undefined
    throw error
  }
}
