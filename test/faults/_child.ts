import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A question to a child process, and its answer under the same number. */
interface Envelope {
  readonly id: number
  readonly body: unknown
}

/** A script of ours in a process of its own, which answers questions one by one. */
export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #asked = 0

  private constructor(process: ChildProcess) {
    this.#process = process
    process.on('message', ({ id, body }: Envelope) => {
      this.#waiting.get(id)?.resolve(body)
      this.#waiting.delete(id)
    })
    process.on('exit', (code, signal) => {
      const error = new Error(`Cannot ask the process: it ended with ${String(code ?? signal)}`)
      for (const { reject } of this.#waiting.values()) reject(error)
    })
  }

  /** Start a script; its first argument is `init` as JSON. */
  static start(script: URL, init: unknown): Child {
    return new Child(
      fork(fileURLToPath(script), [JSON.stringify(init)], {
        execArgv: ['--conditions=source'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    )
  }

  async ask<Answer>(body: unknown): Promise<Answer> {
    const answer = Promise.withResolvers<unknown>()
    this.#asked += 1
    this.#waiting.set(this.#asked, answer)
    this.#process.send({ id: this.#asked, body } satisfies Envelope)
    return (await answer.promise) as Answer
  }

  /** The most memory that it had at any time, in bytes, as Linux counted it. */
  peakResidentBytes(): number {
    const status = readFileSync(`/proc/${String(this.#process.pid)}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** End it, at once. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}

/** In the script: what it was started with. */
export function childInit(): unknown {
  return JSON.parse(process.argv[2] ?? 'null')
}

/** In the script: answer each question, until the parent is gone. */
export function answerParent(answer: (body: never) => unknown): void {
  process.on('message', ({ id, body }: Envelope) => {
    void Promise.resolve(answer(body as never)).then((reply) => {
      process.send?.({ id, body: reply } satisfies Envelope)
    })
  })
  process.on('disconnect', () => {
    process.exit()
  })
}
