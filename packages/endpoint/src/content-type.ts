const BINARY = 'application/octet-stream'

/**
 * Types by extension. HTML, SVG and scripts are absent on purpose: a file of the repository must never act as a
 * page of this node.
 */
const TYPES: Readonly<Record<string, string>> = {
  aar: 'application/java-archive',
  asc: 'application/pgp-signature',
  edn: 'text/plain; charset=utf-8',
  ear: 'application/java-archive',
  gz: 'application/gzip',
  jar: 'application/java-archive',
  json: 'application/json',
  md5: 'text/plain; charset=utf-8',
  module: 'application/vnd.org.gradle.module+json',
  pom: 'application/xml',
  sha1: 'text/plain; charset=utf-8',
  sha256: 'text/plain; charset=utf-8',
  sha512: 'text/plain; charset=utf-8',
  tgz: 'application/gzip',
  txt: 'text/plain; charset=utf-8',
  war: 'application/java-archive',
  xml: 'application/xml',
  xz: 'application/x-xz',
  zip: 'application/zip',
}

/** The media type of a file by the extension of its name. */
export function contentTypeOf(name: string): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? BINARY) : BINARY
}
