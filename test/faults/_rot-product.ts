import type { TestContext } from 'node:test'
import { Child } from './_child.ts'
import { ProductError } from './_product-error.ts'
import type { FailedAnswer } from './_product-error.ts'
import type { Asked, Content } from './_rot-content.ts'

/** What the process is asked, and what it answers. */
export interface RotAnswers {
  /** A node on a directory, which meets nobody, so that all that it serves is from there. */
  readonly start: {
    readonly url: string
    readonly secureUrl: string
    readonly certificateFile: string
  }
  /** Whether it logged a warning or an error since it was started. */
  readonly 'is-told': boolean
  /** How much `check --repair` found. */
  readonly check: number
  readonly stop: true
  /** What a directory says, before evidence was brought to it. */
  readonly read: readonly (readonly [string, string])[]
  /** How many files a publish refused. */
  readonly publish: number
}

export type RotQuestion =
  | { readonly kind: 'start'; readonly dataDir: string }
  | { readonly kind: 'is-told' | 'check' | 'stop' }
  | {
      readonly kind: 'read'
      readonly dataDir: string
      readonly asked: Asked
      readonly evidence: { readonly kind: string; readonly text: string }
    }
  | {
      readonly kind: 'publish'
      readonly state: string
      readonly tree: string
      readonly recheck: boolean
    }

export type RotAnswer =
  { readonly kind: 'done'; readonly value: RotAnswers[keyof RotAnswers] } | FailedAnswer

/** The product in a process of its own, one question after the other. All throw {@link ProductError}. */
export class RotProduct {
  readonly #child: Child

  private constructor(child: Child) {
    this.#child = child
  }

  static create(test: Pick<TestContext, 'after'>): RotProduct {
    const child = Child.start(new URL('_rot-process.ts', import.meta.url), null)
    test.after(() => child.kill())
    return new RotProduct(child)
  }

  start(dataDir: string): Promise<RotAnswers['start']> {
    return this.#ask({ kind: 'start', dataDir })
  }

  isTold(): Promise<boolean> {
    return this.#ask({ kind: 'is-told' })
  }

  check(): Promise<number> {
    return this.#ask({ kind: 'check' })
  }

  async stop(): Promise<void> {
    await this.#ask({ kind: 'stop' })
  }

  async read(question: Omit<Extract<RotQuestion, { kind: 'read' }>, 'kind'>): Promise<Content> {
    return new Map(await this.#ask({ kind: 'read', ...question }))
  }

  publish(question: Omit<Extract<RotQuestion, { kind: 'publish' }>, 'kind'>): Promise<number> {
    return this.#ask({ kind: 'publish', ...question })
  }

  /** @throws {ProductError} what the product threw; another error when its process ended */
  async #ask<Kind extends keyof RotAnswers>(
    question: RotQuestion & { readonly kind: Kind },
  ): Promise<RotAnswers[Kind]> {
    const answer = await this.#child.ask<RotAnswer>(question)
    if (answer.kind === 'failed') throw new ProductError(answer)
    return answer.value as RotAnswers[Kind]
  }
}
