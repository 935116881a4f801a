/** A value that is replaced as a whole, as `_acknowledging.ts` reported it. */
export class Register {
  /** What is durable; undefined before the first. */
  acknowledged: string | undefined
  /** What was begun since, and may be there instead after a crash. */
  #begun: (string | undefined)[] = []
  /** Of these, what an earlier process began: it is not under way any more. */
  #cutOff = 0

  begin(value: string | undefined): void {
    this.#begun.push(value)
  }

  end(value: string | undefined): void {
    this.acknowledged = value
    const ended = this.#begun.lastIndexOf(value) + 1
    this.#begun = this.#begun.slice(ended)
    this.#cutOff = Math.max(0, this.#cutOff - ended)
  }

  /** The process is gone. */
  cutOff(): void {
    this.#cutOff = this.#begun.length
  }

  get isBegun(): boolean {
    return this.#begun.length > this.#cutOff
  }

  /** Whether a crash may leave this value, undefined standing for none. */
  allows(value: string | undefined): boolean {
    return value === this.acknowledged || this.#begun.includes(value)
  }
}
