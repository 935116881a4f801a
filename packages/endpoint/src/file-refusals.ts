import { nameOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { ArtifactSource, Resolution } from '@jarswarm/ports'
import { UnavailableError } from '@jarswarm/ports'
import { RefusedRequestError } from './errors.ts'

/** Who is asked; `base` when it is read as a public mirror. */
interface AskedSource {
  readonly source: ArtifactSource
  readonly base?: string
}

/** What nobody is to have, sidecars too: 410 of what was taken back, 451 of what this node's user denies. */
export function refuseTaken(
  { source }: AskedSource,
  found: Resolution,
  path: RepositoryPath,
): void {
  if (found.kind !== 'withdrawn' && found.kind !== 'denied') return
  const why = found.reason === undefined ? '' : `: ${found.reason}`
  if (found.kind === 'denied')
    throw new RefusedRequestError(451, `The user of this node denied ${nameOf(path)}${why}`)
  const day = new Date(found.issuedSeconds * 1000).toISOString().slice(0, 10)
  throw new RefusedRequestError(
    410,
    `${nameOf(path)} was withdrawn from ${source.name} on ${day}${why}`,
  )
}

/** 404, which clients remember: only while the head is not so old that the file may exist by now. */
export function notFound(request: AskedSource, path: string): Error {
  const { source } = request
  if (isSuspect(source)) return suspect(source)
  if (source.proxied === true)
    return new RefusedRequestError(404, `${source.name} has no ${path}: its origin says so`)
  return absent(request, path)
}

function absent({ source, base }: AskedSource, path: string): Error {
  const { head } = source
  // An observed index does not say what its origin has by now, and what that has is not a public mirror's to pass on.
  if (base !== undefined && typeof head?.observed === 'string')
    return new UnavailableError(`The observed index of ${source.name} does not name ${path}`)
  const asked = head?.observed === null ? '' : `, and ${head?.observed ?? ''} does not have it`
  const proof = head === undefined ? '' : ` (head ${head.seq}${asked})`
  return new RefusedRequestError(404, `${source.name} has no ${path}${proof}`)
}

/** What may change, while the head is too old to say what is newest. */
export function refuseSuspect(source: ArtifactSource, found: { readonly mutable: boolean }): void {
  if (found.mutable && isSuspect(source)) throw suspect(source)
}

function isSuspect(source: ArtifactSource): boolean {
  return source.freshness().state === 'suspect'
}

function suspect(source: ArtifactSource): UnavailableError {
  const days = Math.floor(source.freshness().staleSeconds / 86_400)
  return new UnavailableError(
    `Cannot say what is newest in ${source.name}: its head expired ${days} days ago and no newer one was found`,
  )
}
