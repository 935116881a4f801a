// jarswarm:<repository id>?name=<name>[&origin=<URL>][&peer=<multiaddr>]…
//
// Parameters are percent-encoded. Unknown ones are ignored, so that later versions can add some.
import { isDigest, isOrigin } from '@jarswarm/manifest'
import { InvalidLinkError } from './errors.ts'
import { isPeerAddress } from './peer-address.ts'
import type { RepositoryId } from './repository-id.ts'
import { isRepositoryName } from './repository-name.ts'
import { MAX_LINK_LENGTH, MAX_LINK_PEERS } from './limits.ts'

/** All that a newcomer needs to follow a repository. The id pins its keys; the rest are hints. */
export interface SwarmLink {
  readonly id: RepositoryId
  /** Name under which the repository is served; its owner's suggestion. */
  readonly name: string
  /** HTTP base URL, or undefined when the link names none. */
  readonly origin: string | undefined
  /** Full multiaddrs of peers to begin with; may be empty. */
  readonly peers: readonly string[]
}

/**
 * Read a swarm link.
 *
 * @throws {InvalidLinkError} whose message is one sentence for the user
 */
export function parseLink(text: string): SwarmLink {
  if (text.length > MAX_LINK_LENGTH) {
    throw refusal(`${text.length} characters, wanted at most ${MAX_LINK_LENGTH}`)
  }
  const url = URL.parse(text)
  if (url?.protocol !== 'jarswarm:') {
    throw refusal(
      `${quote(text)}, wanted jarswarm:<repository id>?name=<name>; copy the whole link, quoted`,
    )
  }
  if (!isDigest(url.pathname)) {
    throw refusal(
      `repository id ${quote(url.pathname)}, wanted 64 lower-case hex digits right after "jarswarm:"`,
    )
  }
  return {
    id: url.pathname,
    name: readName(url.searchParams),
    origin: readOrigin(url.searchParams),
    peers: readPeers(url.searchParams),
  }
}

/**
 * Write a swarm link; `parseLink` reads it back to the same value.
 *
 * @throws {InvalidLinkError} when a part is not what a link can carry
 */
export function formatLink(link: SwarmLink): string {
  const parameters = [['name', link.name]]
  if (link.origin !== undefined) parameters.push(['origin', link.origin])
  for (const peer of link.peers) parameters.push(['peer', peer])
  const query = parameters.map(([key, value]) => `${key}=${encodeURIComponent(value ?? '')}`)
  const text = `jarswarm:${link.id}?${query.join('&')}`
  parseLink(text)
  return text
}

function readName(parameters: URLSearchParams): string {
  const [name, ...others] = parameters.getAll('name')
  if (name === undefined || others.length > 0) {
    throw refusal(`${others.length === 0 ? 'no' : 'more than one'} name, wanted one name=<name>`)
  }
  if (!isRepositoryName(name)) {
    throw refusal(
      `name ${quote(name)}, wanted at most 64 of a-z, 0-9, ".", "_" and "-", a letter or digit first`,
    )
  }
  return name
}

function readOrigin(parameters: URLSearchParams): string | undefined {
  const [origin, ...others] = parameters.getAll('origin')
  if (others.length > 0) throw refusal('more than one origin, wanted at most one origin=<URL>')
  if (origin !== undefined && !isOrigin(origin)) {
    throw refusal(
      `origin ${quote(origin)}, wanted an http or https URL without credentials, query or fragment`,
    )
  }
  return origin
}

function readPeers(parameters: URLSearchParams): readonly string[] {
  const peers = parameters.getAll('peer')
  if (peers.length > MAX_LINK_PEERS) {
    throw refusal(`${peers.length} peers, wanted at most ${MAX_LINK_PEERS}; leave some out`)
  }
  const bad = peers.find((peer) => !isPeerAddress(peer))
  if (bad !== undefined) {
    throw refusal(
      `peer ${quote(bad)}, wanted a multiaddr such as /ip4/192.0.2.1/tcp/4870/p2p/<peer id>`,
    )
  }
  return peers
}

function refusal(found: string): InvalidLinkError {
  return new InvalidLinkError(`Cannot read the swarm link: found ${found}`)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
