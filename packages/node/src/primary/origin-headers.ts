import { isMutablePath, isPath, sidecarOf } from '@jarswarm/maven'
import { extname } from 'node:path'

const IMMUTABLE = 'public, max-age=31536000, immutable'

/** Proxies and CDNs may keep what changes for this long; so long may a new state take to be seen. */
const MUTABLE = 'public, max-age=10'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.asc': 'text/plain; charset=utf-8',
  '.jar': 'application/java-archive',
  '.json': 'application/json',
  '.md5': 'text/plain; charset=utf-8',
  '.pom': 'application/xml',
  '.sha1': 'text/plain; charset=utf-8',
  '.sha256': 'text/plain; charset=utf-8',
  '.sha512': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
}

/** How long what stands at this name may be kept: all but the manifest and mutable files never change. */
export function cacheControl(name: string): string {
  if (name === '.jarswarm/manifest') return MUTABLE
  if (name.startsWith('.jarswarm/')) return IMMUTABLE
  if (!isPath(name)) return MUTABLE
  const path = sidecarOf(name)?.artifact ?? name
  return isMutablePath(path) ? MUTABLE : IMMUTABLE
}

export function contentType(name: string): string {
  return CONTENT_TYPES[extname(name)] ?? 'application/octet-stream'
}
