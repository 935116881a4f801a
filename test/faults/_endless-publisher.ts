// Deploys and publishes for each line that it reads, and replaces the online keys now and then. Prints `published <seq>` and `rotated <root>`
// when these are done. Arguments: state directory, tree, first version.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { applyRoot, proposeRoot, publishTree } from '@jarswarm/publisher'
import { createSigner } from '@jarswarm/trust'
import { deploy } from './_deployed.ts'

/** Publishes between two rotations. */
const ROTATE_EVERY = 3

const [stateDir = '', treeDir = '', first] = process.argv.slice(2)
const rootKey = createSigner(await readFile(join(stateDir, 'keys', 'root.pem'), 'utf8'))

async function rotate(): Promise<void> {
  const change = { rotate: ['publisher', 'timestamp'] as const }
  const proposal = await proposeRoot({ stateDir, change })
  await applyRoot({ stateDir, proposals: [proposal.sign(rootKey).format()] })
  process.stdout.write(`rotated ${String(proposal.number)}\n`)
}

let version = Number(first)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
while (!(await lines.next()).done) {
  await deploy(treeDir, version)
  if (version % ROTATE_EVERY === 0) await rotate()
  const { seq } = await publishTree({ stateDir, treeDir })
  process.stdout.write(`published ${String(seq)}\n`)
  version += 1
}
