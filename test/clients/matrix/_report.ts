import type { Client } from './_client.ts'
import { versionOf } from './_clients.ts'
import { besideOf, nameOf } from './_cell.ts'
import type { Cell } from './_cell.ts'
import { FAULTS } from './_faults.ts'
import type { Results } from './_results.ts'
import type { CellResult } from './_run-cell.ts'
import { describe, isSlower, worseThan } from './_verdict.ts'

interface ReportInit {
  readonly clients: readonly Client[]
  readonly cells: readonly Cell[]
  readonly results: Results
  /** Day and commit. */
  readonly when: string
}

const LEGEND = `How to read a cell: what became of the build, and its seconds, the start of the client's Java included.

- **ok**: it ended well, and every file is the repository's, byte for byte.
- **fails**: it ended with an error.
- **wrong bytes**: it said that all was well, and has a file that is not the repository's. **incomplete**: it said so without files that it needs.
- **stays broken**: the next build, with all healed and without any flag, was not ok. Everywhere else it was.
- ⚠ the cell is worse than the same build without a node.

*Without a node* is the same client in the same world, its repository asked directly. *Mirror*: the node stands in place of the repository.
*Fallback*: the node is asked first, then the repository, which has the same fault. \\* is what \`jarswarm setup\` writes, or \`jarswarm run\` turns on: it looks
for the node before each build, and leaves it out while it is off or knows nothing. The other forms are put into the project by hand. A dash: the client has no such form, or the cell would tell nothing
(TLS and a full cache are tried where they can change something; where only the node or its peers are harmed, *without a node* is the first row).`

/** The matrix as a page. */
export function formatReport({ clients, cells, results, when }: ReportInit): string {
  const done = cells.filter((cell) => results.get(nameOf(cell)) !== undefined)
  const partial =
    done.length === cells.length
      ? ''
      : `\n\n**This run is partial:** ${String(done.length)} of ${String(cells.length)} cells.`
  const names = clients.map((client) => `${client.name} ${versionOf(client)}`).join(', ')
  return `# Real clients in a world where things go wrong

Made by \`npm run test:clients\` (${when}) with ${names}. Cells are kept between runs, so that some may be of an earlier commit;
\`--again\` runs all anew.${partial}

${LEGEND}

${formatFindings(done, results)}
${clients.map((client) => formatClient(client, { cells, results })).join('\n')}`
}

function formatFindings(cells: readonly Cell[], results: Results): string {
  const through = cells.filter(({ via }) => via !== 'direct')
  const waits = through.map((cell) => results.get(nameOf(cell))?.longestWaitSeconds ?? 0)
  const worse = through.flatMap((cell) => {
    const reasons = reasonsOf(cell, results)
    return reasons.length === 0 ? [] : [`- \`${nameOf(cell)}\`: ${reasons.join('; ')}`]
  })
  const better = through.filter((cell) => isBetter(cell, results)).length
  const wrong = through.filter((cell) => results.get(nameOf(cell))?.outcome === 'wrong')
  const slower = through.flatMap((cell) => {
    const result = results.get(nameOf(cell))
    const direct = results.get(besideOf(cell))
    if (result === undefined || direct === undefined || !isSlower(result, direct)) return []
    return [
      `- \`${nameOf(cell)}\`: ${result.seconds.toFixed(0)} s, ${direct.seconds.toFixed(0)} s without`,
    ]
  })
  const passed = wrong.filter(({ via }) => via === 'fallback')
  return `## In short

- ${String(through.length)} builds through a node: ${String(better)} better than without it, ${String(worse.length)} worse.
- Longest silence of the node before the first byte or a decision: ${Math.max(0, ...waits).toFixed(1)} s; 8 s are promised.
- Builds with other bytes than the repository's from a node: ${String(wrong.length - passed.length)}. ${passed.length === 0 ? '' : `From the repository itself, asked after the node had refused: ${passed.map((cell) => `\`${nameOf(cell)}\``).join(', ')}.`}
${worse.length === 0 ? '' : `\nWorse than without a node:\n\n${worse.join('\n')}\n`}${slower.length === 0 ? '' : `\nMuch longer than without a node, on a machine that did other work at the same time:\n\n${slower.join('\n')}\n`}`
}

function reasonsOf(cell: Cell, results: Results): readonly string[] {
  const result = results.get(nameOf(cell))
  const direct = results.get(besideOf(cell))
  return result === undefined || direct === undefined ? [] : worseThan(result, direct)
}

function isBetter(cell: Cell, results: Results): boolean {
  const result = results.get(nameOf(cell))
  const direct = results.get(besideOf(cell))
  if (result === undefined || direct === undefined) return false
  const silence = { longestWaitSeconds: 0 }
  return (
    worseThan({ ...direct, ...silence, seconds: 0 }, { ...result, ...silence }).length > 0 &&
    describe(result) !== describe(direct)
  )
}

/** Columns of a client's table, in its order. */
const COLUMNS: readonly (readonly [string, Cell['via'], Cell['scheme']])[] = [
  ['Without a node', 'direct', 'http'],
  ['Mirror', 'mirror', 'http'],
  ['Fallback', 'fallback', 'http'],
  ['Mirror, HTTPS', 'mirror', 'https'],
  ['Fallback, HTTPS', 'fallback', 'https'],
]

function formatClient(
  client: Client,
  { cells, results }: Pick<ReportInit, 'cells' | 'results'>,
): string {
  const columns = COLUMNS.filter(([, via]) => via === 'direct' || client.forms.includes(via))
  const rows = FAULTS.flatMap((fault) =>
    (['empty', 'warm'] as const).flatMap((cache) => {
      const found = columns.map(([, via, scheme]) => {
        const cell: Cell = { fault, client, via, scheme, cache }
        const known = cells.some((other) => nameOf(other) === nameOf(cell))
        return known ? formatCell(cell, results) : '–'
      })
      if (found.every((text) => text === '–')) return []
      const title = cache === 'warm' ? `${fault.title}; full cache` : fault.title
      return [`| ${[title, ...found].join(' | ')} |`]
    }),
  )
  const head = [
    '',
    ...columns.map(([title, via]) => {
      const isWritten = via !== 'direct' && client.setup[via] !== undefined
      return isWritten ? `${title} \\*` : title
    }),
  ]
  return `## ${client.name}

| ${head.join(' | ')} |
| ${head.map(() => '---').join(' | ')} |
${rows.join('\n')}
`
}

function formatCell(cell: Cell, results: Results): string {
  const result = results.get(nameOf(cell))
  if (result === undefined) return 'not run'
  const mark = cell.via === 'direct' || reasonsOf(cell, results).length === 0 ? '' : ' ⚠'
  return `${wordOf(result)} ${result.seconds.toFixed(result.seconds < 10 ? 1 : 0)} s${mark}`
}

const WORDS: Readonly<Record<CellResult['outcome'], string>> = {
  right: 'ok',
  failed: 'fails',
  wrong: '**wrong bytes**',
  incomplete: '**incomplete**',
}

function wordOf({ outcome, healed }: CellResult): string {
  return `${WORDS[outcome]}${healed ? '' : ', **stays broken**,'}`
}
