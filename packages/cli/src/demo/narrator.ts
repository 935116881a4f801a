import { remark, say } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'

/** Tells step by step what the demo does, and how long each step took. */
export class Narrator {
  readonly #terminal: Terminal
  readonly #json: boolean
  #step = 0

  /** @param json whether standard output is for documents, so that the story goes to standard error */
  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal
    this.#json = json
  }

  /** Say what is done, do it, and say what came of it. */
  async step<T>(what: string, task: () => Promise<T>, outcome: (result: T) => string): Promise<T> {
    this.#terminal.signal.throwIfAborted()
    this.#step += 1
    const start = performance.now()
    const result = await task()
    const ms = Math.round(performance.now() - start)
    this.tell(`${String(this.#step).padStart(2)}. ${what}`)
    this.tell(`    ${outcome(result)} (${String(ms)} ms)`)
    return result
  }

  tell(line: string): void {
    if (this.#json) remark(this.#terminal, line)
    else say(this.#terminal, line)
  }
}
