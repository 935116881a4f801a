import type { PublishedName } from './upstream.ts'

/** The folder of the published form below the root of a repository. */
export const PUBLISHED_FOLDER = '.jarswarm'

/**
 * Where a part of the published form stands, relative to the root of the repository.
 *
 * @see docs/design.md, section 5
 */
export function publishedPath(name: PublishedName): string {
  return `${PUBLISHED_FOLDER}/${pathBelow(name)}`
}

function pathBelow(name: PublishedName): string {
  switch (name.kind) {
    case 'manifest':
      return 'manifest'
    case 'root':
      return `roots/${name.number}.root.json`
    case 'object':
      return `objects/${name.digest.slice(0, 2)}/${name.digest}`
    case 'blob':
      return `blobs/${name.digest.slice(0, 2)}/${name.digest}`
    case 'pack':
      return `packs/${name.digest}`
    case 'log':
      return `log/${name.tile}`
  }
}
