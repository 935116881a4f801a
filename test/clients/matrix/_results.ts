import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { CellResult } from './_run-cell.ts'

/** Results of cells so far, kept in a file, so that a run that was broken off goes on where it was. */
export class Results {
  readonly #file: string
  readonly #byCell: Map<string, CellResult>

  constructor(file: string) {
    this.#file = file
    const kept = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as readonly CellResult[])
      : []
    this.#byCell = new Map(kept.map((result) => [result.cell, result]))
  }

  get(cell: string): CellResult | undefined {
    return this.#byCell.get(cell)
  }

  put(result: CellResult): void {
    this.#byCell.set(result.cell, result)
    writeFileSync(this.#file, `${JSON.stringify([...this.#byCell.values()], null, 1)}\n`)
  }
}
