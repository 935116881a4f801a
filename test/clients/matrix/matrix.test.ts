import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { besideOf, cellsOf, nameOf } from './_cell.ts'
import type { Cell } from './_cell.ts'
import { isInstalled } from './_client.ts'
import { CLIENTS } from './_clients.ts'
import { PublishedTree } from './_published-tree.ts'
import { runCell } from './_run-cell.ts'
import type { CellResult } from './_run-cell.ts'
import { worseThan } from './_verdict.ts'

/** For each client the cell that tells most; `npm run test:clients` runs them all. */
const TELLING = [
  'no-head/lein/mirror/http/empty',
  'pom-missing/mvn/mirror/http/empty',
  'wrong-jar/tools.deps/mirror/http/empty',
  'cut-big/gradle/mirror/http/empty',
]

const CELLS = CLIENTS.flatMap((client) => cellsOf(client))

function cellOf(name: string): Cell {
  const cell = CELLS.find((one) => nameOf(one) === name)
  if (cell === undefined) throw new RangeError(`Cannot find cell ${name}`)
  return cell
}

describe('the failure matrix, in short', () => {
  let published: PublishedTree | undefined

  before(async () => {
    published = await PublishedTree.create({})
  })
  after(() => published?.remove())

  const run = (name: string): Promise<CellResult> => {
    if (published === undefined) throw new Error('Cannot run a cell: there is no repository')
    return runCell(cellOf(name), published, {})
  }

  for (const name of TELLING) {
    it(`is no worse than without a node: ${name}`, async (t) => {
      const cell = cellOf(name)
      if (!isInstalled(cell.client)) {
        assert.notEqual(process.env['CI'], 'true', `${cell.client.name} is not installed`)
        t.skip(`${cell.client.name} is not installed`)
        return
      }
      const [through, direct] = [await run(name), await run(besideOf(cell))]
      assert.deepEqual(worseThan(through, direct), [], through.said)
      assert.ok(through.healed, `stays broken: ${through.healing}`)
      assert.deepEqual(through.poisoned, [])
    })
  }
})
