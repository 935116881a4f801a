import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createSigner, RootProposal, TrustedRepository } from '@jarswarm/trust'
import type { KeyPair } from '@jarswarm/trust'
import { publishTree, readRootState } from '../src/index.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

/** Sign the pending proposal, as holders do. */
export const sign = async (stateDir: string, ...pairs: readonly KeyPair[]): Promise<Uint8Array> => {
  const bytes = await readFile(join(stateDir, 'proposal.json'))
  return pairs
    .reduce(
      (proposal, { privateKey }) => proposal.sign(createSigner(privateKey)),
      RootProposal.parse(bytes),
    )
    .format()
}

async function rootKey({ stateDir }: TestRepository): Promise<KeyPair> {
  const privateKey = await readFile(join(stateDir, 'keys/root.pem'), 'utf8')
  return { privateKey, publicKey: createSigner(privateKey).publicKey }
}

export const manifestOf = ({ treeDir }: TestRepository): Promise<Buffer> =>
  readFile(join(treeDir, '.jarswarm/manifest'))

/** A published repository, and a node that follows it. */
export async function published(t: TestContext): Promise<{
  readonly repository: TestRepository
  readonly key: KeyPair
  readonly node: TrustedRepository
}> {
  const repository = await createRepository(t)
  await repository.write('a/b/1/b-1.jar', 'x')
  await publishTree({ ...repository, nowMs: START_MS })
  const first = await readFile(join(repository.stateDir, 'roots/1.root.json'))
  const { id } = await readRootState(repository.stateDir)
  const node = TrustedRepository.create(id ?? '', first)
  node.accept(await manifestOf(repository), START_MS)
  return { repository, key: await rootKey(repository), node }
}
