import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ControlClient } from '@jarswarm/node'
import { ViolationError } from './_violation-error.ts'

/** What a user changes while a node runs: he joins a repository, and denies files. What was said to be done must stay. */
export class UserChanges {
  readonly #dataDir: string
  readonly #link: string
  readonly #denied: string[] = []
  #isJoined = false
  #attempts = 0
  /** What the node said to the last attempt that failed. */
  refusal = ''

  constructor(dataDir: string, link: string) {
    this.#dataDir = dataDir
    this.#link = link
  }

  /** Join the repository, or note its link again, and deny one file more. @returns whether both were done */
  async attempt(): Promise<boolean> {
    const client = new ControlClient(this.#dataDir)
    this.#attempts += 1
    const what = `org/example/denied/${String(this.#attempts)}.jar`
    const denied = await this.#try(async () => {
      await client.denials({ add: { what, reason: null } })
      this.#denied.push(what)
    })
    const joined = await this.#try(async () => {
      await client.join(this.#link)
      this.#isJoined = true
    })
    return denied && joined
  }

  /** Compare what is on the disk with what was said to be done. */
  judge(): void {
    const read = (name: string): string => readFileSync(join(this.#dataDir, name), 'utf8')
    const lost = this.#denied.filter((what) => !read('deny.json').includes(`"${what}"`))
    if (lost.length > 0) throw new ViolationError('lost', `denied: ${lost.join()}`)
    if (this.#isJoined && !read('joined.json').includes(`"${this.#link.split('?')[0] ?? ''}`)) {
      throw new ViolationError('lost', `joined: ${this.#link}`)
    }
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      this.refusal = error instanceof Error ? error.message : String(error)
      return false
    }
  }
}
