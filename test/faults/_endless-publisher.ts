// Publishes for each line `publish` that it reads, and replaces the online keys for each line `rotate`. Prints `published <seq>`
// and `rotated <root>` when these are done. Arguments: state directory, tree.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { applyRoot, proposeRoot, publishTree } from '@jarswarm/publisher'
import { createSigner } from '@jarswarm/trust'

const [stateDir = '', treeDir = ''] = process.argv.slice(2)
/** The server signs anew under a new root, and holds the state directory meanwhile. */
const lock = { waitMs: 60_000 }
const rootKey = createSigner(await readFile(join(stateDir, 'keys', 'root.pem'), 'utf8'))

async function rotate(): Promise<string> {
  const change = { rotate: ['publisher', 'timestamp'] as const }
  const proposal = await proposeRoot({ stateDir, change, lock })
  const proposals = [proposal.sign(rootKey).format()]
  await applyRoot({ stateDir, proposals, lock })
  return `rotated ${String(proposal.number)}`
}

async function publish(): Promise<string> {
  const { seq } = await publishTree({ stateDir, treeDir, lock })
  return `published ${String(seq)}`
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${await (line === 'rotate' ? rotate() : publish())}\n`)
