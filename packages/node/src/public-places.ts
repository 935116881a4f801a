import type { PublicPlaceStatus } from '@jarswarm/endpoint'
import { toMirrorUrl } from '@jarswarm/trust'

/** A followed repository, as far as its public place is concerned. */
export interface PublicRepository {
  readonly name: string
  /** HTTP base URLs of its signed list of mirrors. */
  readonly mirrors: readonly string[]
  readonly head: unknown
}

/**
 * Where each repository stands under the public URL, and whether its operator put that on the signed list: one alone at
 * the URL itself, of several each below its name.
 */
export function publicPlaces(
  publicUrl: string,
  repositories: readonly PublicRepository[],
): readonly PublicPlaceStatus[] {
  const base = toMirrorUrl(publicUrl) ?? publicUrl
  return repositories.map(({ name, mirrors, head }) => {
    const url = repositories.length === 1 ? base : `${base}${name}/`
    const listed = head === undefined ? null : mirrors.includes(url)
    return { name, url, listed }
  })
}
