import { existsSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isMutablePath, parsePath } from '@jarswarm/maven'
import { readRootState } from '@jarswarm/publisher'
import { readPublished } from '../../packages/publisher/test/_reader.ts'
import type { Places } from './_places.ts'

/**
 * Read all that a tree publishes, the releases too, while nobody publishes.
 *
 * @param done numbers of the newest head whose publish ended, and of the newest root that was put in force
 * @returns the number of the head
 */
export async function judgeTree(
  { state, tree }: Pick<Places, 'state' | 'tree'>,
  done: { readonly published: number; readonly root: number },
): Promise<number> {
  const found = await readPublished(tree)
  if (found === undefined || found.seq < done.published) {
    throw new Error(
      `head ${String(done.published)} was published, and ${String(found?.seq)} is there`,
    )
  }
  for (const [path, says] of found.files) checkPublishedFile(tree, path, says)
  const { current } = await readRootState(state)
  if ((current?.number ?? 0) < done.root) throw new Error(`root ${String(done.root)} is gone`)
  return found.seq
}

/** Mutable files are read from a copy of their own, which `readPublished` looked at. */
export function checkPublishedFile(tree: string, path: string, says: string): void {
  if (isMutablePath(parsePath(path))) return
  const file = join(tree, path)
  const bytes = existsSync(file) ? readFileSync(file) : new Uint8Array()
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (says !== `${digest} ${String(bytes.length)}`) {
    throw new Error(`${path} is published, and its ${String(bytes.length)} bytes are not those`)
  }
}
