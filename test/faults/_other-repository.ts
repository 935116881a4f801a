import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { formatLink, parseLink } from '@jarswarm/trust'
import { serveTree } from '../clients/_serve-tree.ts'
import type { ServedTree } from '../clients/_serve-tree.ts'
import { deploy } from './_deployed.ts'
import { placesOn } from './_places.ts'
import type { Places } from './_places.ts'

const NAME = 'other'

/** A second repository, whose keys sign contradictions: what a node writes about it is written at no other occasion. */
export class OtherRepository implements AsyncDisposable {
  readonly link: string
  readonly #directory: string
  readonly #origin: ServedTree
  #stories = 1

  private constructor(directory: string, { origin, link }: { origin: ServedTree; link: string }) {
    this.#directory = directory
    this.#origin = origin
    this.link = link
  }

  static async create(directory: string): Promise<OtherRepository> {
    const first = placesOn(join(directory, '1'))
    mkdirSync(first.tree, { recursive: true })
    await deploy(first.tree, 1)
    const served = join(directory, 'served')
    mkdirSync(served)
    const origin = await serveTree(served)
    // Its publisher does not know of it, and so does not find there what contradicts it.
    const url = `http://127.0.0.1:${String(origin.port)}/`
    const made = await initRepository({ stateDir: first.state, name: NAME })
    const link = formatLink({ ...parseLink(made.link), origin: url })
    await publishTree({ stateDir: first.state, treeDir: first.tree })
    const repository = new OtherRepository(directory, { origin, link })
    await repository.contradict()
    return repository
  }

  /** Publish another second head. */
  async contradict(): Promise<void> {
    this.#stories += 1
    const { state, tree } = this.#story(this.#stories)
    cpSync(join(this.#directory, '1'), join(this.#directory, String(this.#stories)), {
      recursive: true,
    })
    await deploy(tree, this.#stories)
    await publishTree({ stateDir: state, treeDir: tree })
    cpSync(tree, join(this.#directory, 'served'), { recursive: true })
  }

  /** Have a node look what is newest: that is what an unknown path is asked for. */
  async showTo(node: string): Promise<void> {
    const answer = await fetch(`${node}/${NAME}/a/${String(this.#stories)}/none.jar`)
    await answer.arrayBuffer()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#origin.stop()
  }

  #story(number: number): Places {
    return placesOn(join(this.#directory, String(number)))
  }
}
