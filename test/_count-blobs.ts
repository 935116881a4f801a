import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** How many different blobs the artifacts of a tree are. */
export function countBlobs(tree: string): number {
  const digests = globSync('**/*', { cwd: tree })
    .filter((name) => !name.startsWith('.jarswarm') && !/\.(sha1|md5|sha256|sha512)$/.test(name))
    .map((name) => join(tree, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'))
  return new Set(digests).size
}
