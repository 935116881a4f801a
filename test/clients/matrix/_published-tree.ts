import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runJson } from '../../_jarswarm.ts'
import type { Place } from '../../_jarswarm.ts'
import { writeFixtureTree } from './_fixture-tree.ts'

/** The fixture repository, signed and published. */
export class PublishedTree {
  readonly directory: string
  /** Its swarm link; the origin is filled in by {@link linkTo}. */
  readonly #link: string
  readonly #place: Place

  private constructor(directory: string, link: string, place: Place) {
    this.directory = directory
    this.#link = link
    this.#place = place
  }

  static async create(place: Place): Promise<PublishedTree> {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-matrix-tree-'))
    const state = join(directory, 'state')
    const tree = join(directory, 'tree')
    writeFixtureTree(tree)
    const { link } = await runJson(['repo', 'init', '--state', state, '--name', 'clojars'], place)
    const published = new PublishedTree(directory, String(link), place)
    await published.publish()
    return published
  }

  get tree(): string {
    return join(this.directory, 'tree')
  }

  /** Repository id. */
  get id(): string {
    return new URL(this.#link).pathname
  }

  linkTo(origin: string): string {
    return `${this.#link}&origin=${encodeURIComponent(origin)}`
  }

  async publish(): Promise<void> {
    const state = join(this.directory, 'state')
    await runJson(['repo', 'publish', '--state', state, '--tree', this.tree], this.#place)
  }

  /** The same repository with the same keys in a folder of its own, for a cell that deploys. */
  copy(): PublishedTree {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-matrix-tree-'))
    cpSync(this.directory, directory, { recursive: true, preserveTimestamps: true })
    return new PublishedTree(directory, this.#link, this.#place)
  }

  /** Bytes of every artifact. */
  artifacts(): readonly Uint8Array[] {
    return globSync('**/*.{jar,pom}', { cwd: this.tree })
      .map((name) => join(this.tree, name))
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file))
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
