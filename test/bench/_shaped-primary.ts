import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHead } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import { parseManifest } from '@jarswarm/trust'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { BUILT, LOOPBACK, REPOSITORY } from './_swarm.ts'
import { deployVersion, writeShapedTree } from './_shaped-tree.ts'
import type { ShapedTree } from './_shaped-tree.ts'

/** Half a block of most disks: each file counts, and its bytes hardly do. */
export const SMALL_FILE_BYTES = 2_000

/** A generated repository that is published. */
export class ShapedPrimary {
  readonly shape: ShapedTree
  readonly state: string
  readonly tree: string
  readonly #work: string
  readonly #files: number
  #versions = 0

  private constructor(work: string, files: number) {
    this.#work = work
    this.#files = files
    this.tree = join(work, 'tree')
    this.state = join(work, 'state')
    this.shape = writeShapedTree(this.tree, { files, maxBytes: SMALL_FILE_BYTES })
  }

  /** Write the tree, and make the keys; nothing is published yet. */
  static async create(work: string, files: number): Promise<ShapedPrimary> {
    const primary = new ShapedPrimary(work, files)
    await runJson(['repo', 'init', '--state', primary.state, '--name', REPOSITORY], BUILT)
    return primary
  }

  /** How many files, for people. */
  get what(): string {
    return `${String(this.shape.files)} files`
  }

  /** @returns ms that it took, as it says itself */
  async publish(...extra: readonly string[]): Promise<number> {
    const places = ['--state', this.state, '--tree', this.tree]
    return Number((await runJson(['repo', 'publish', ...places, ...extra], BUILT))['ms'])
  }

  /** Put one more version into the tree. @returns the paths that changed, in a file, as a deploy hook names them */
  deploy(): string {
    this.#versions += 1
    const version = `deployed-${String(this.#versions)}`
    const paths = deployVersion(this.tree, {
      files: this.#files,
      maxBytes: SMALL_FILE_BYTES,
      version,
    })
    const list = join(this.#work, 'changes')
    writeFileSync(list, `${paths.join('\n')}\n`)
    return list
  }

  /** The head that stands published. */
  head(): Head {
    return parseHead(parseManifest(readFileSync(join(this.tree, '.jarswarm/manifest'))).head)
  }

  async serve(...extra: readonly string[]): Promise<Running> {
    const places = ['--state', this.state, '--tree', this.tree]
    return await startJarswarm(['repo', 'serve', ...places, ...LOOPBACK, ...extra], BUILT)
  }
}
