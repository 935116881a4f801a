import type { ProxyAddress } from '@jarswarm/node'
import { isRepositoryName } from '@jarswarm/trust'

/** Read `NAME=URL`; undefined for anything else. A URL with credentials is refused: status and log would show it. */
export function parseProxyAddress(text: string): ProxyAddress | undefined {
  const at = text.indexOf('=')
  const name = text.slice(0, Math.max(0, at))
  const url = URL.parse(text.slice(at + 1))
  if (at < 1 || !isRepositoryName(name) || url === null) return undefined
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:'
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isHttp && isPlain ? { name, url: url.href } : undefined
}
