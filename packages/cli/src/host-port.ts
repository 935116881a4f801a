import type { HostPort } from '@jarswarm/node'

const MAX_PORT = 65_535
const HOST_PORT = /^(?:\[([0-9a-f:]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i

/**
 * Read `HOST:PORT`, with an IPv6 address in brackets.
 *
 * @returns undefined when the text is none
 */
export function parseHostPort(text: string): HostPort | undefined {
  const [, ipv6, name, digits] = HOST_PORT.exec(text) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  return host === undefined || !(port <= MAX_PORT) ? undefined : { host, port }
}
