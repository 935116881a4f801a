import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '@jarswarm/manifest'
import { openDataDirectory } from '@jarswarm/store'
import type { DataDirectory } from '@jarswarm/store'
import { TrustedRepository } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import type { Acknowledgements } from './_acknowledged.ts'
import type { Register } from './_register.ts'

/** What is not in a data directory as it was acknowledged. */
export interface DirectoryDamage {
  /** Acknowledged blobs without a file, or that the store does not know. */
  readonly lost: number
  /** Blobs whose files have other bytes. */
  readonly wrong: number
  /** Whether the database was set aside and begun anew. */
  readonly rebuilt: boolean
  /** What else is not as it was, in words. */
  readonly broken: string[]
}

/** Read the files of blobs, without the store's own hands. @returns those that are not there, and those with other bytes */
export function judgeBlobFiles(
  dataDir: string,
  stored: Iterable<Digest>,
): { readonly lost: Set<Digest>; readonly wrong: Set<Digest> } {
  const [lost, wrong] = [new Set<Digest>(), new Set<Digest>()]
  for (const digest of stored) {
    const file = join(dataDir, 'blobs', digest.slice(0, 2), digest)
    if (!existsSync(file)) lost.add(digest)
    else if (createHash('sha256').update(readFileSync(file)).digest('hex') !== digest)
      wrong.add(digest)
  }
  return { lost, wrong }
}

/** Open a data directory that nobody has open, as the next start would, and compare it with what was acknowledged. */
export async function judgeDirectory(
  dataDir: string,
  init: { readonly quotaBytes?: number; readonly repository: RepositoryId },
  acknowledged: Acknowledgements,
): Promise<DirectoryDamage> {
  const { lost, wrong } = judgeBlobFiles(dataDir, acknowledged.stored)
  await using directory = await openDataDirectory(dataDir, init)
  for (const digest of acknowledged.stored) {
    if (!(await directory.blobs.has(digest))) lost.add(digest)
  }
  for await (const { kind, digest } of directory.blobs.check()) {
    if (kind === 'corrupt') wrong.add(digest)
  }
  const registers = await readRegisters(directory, init.repository)
  const names = ['trust', 'step', 'index'] as const
  const broken = names.flatMap((name) => {
    const [register, value]: [Register, string | undefined] = [acknowledged[name], registers[name]]
    if (register.allows(value)) return []
    return [`${name}: ${register.acknowledged ?? 'none'} became ${value ?? 'none'}`]
  })
  const rebuilt = existsSync(join(dataDir, 'db.damaged'))
  return { lost: lost.size, wrong: wrong.size, rebuilt, broken }
}

/** What a data directory says, in the words of `_acknowledging.ts`. */
async function readRegisters(
  directory: DataDirectory,
  repository: RepositoryId,
): Promise<Record<'trust' | 'step' | 'index', string | undefined>> {
  const record = await directory.trust.load(repository)
  const trusted = record && TrustedRepository.restore(repository, record)
  const step = await directory.history(repository).lastStep()
  return {
    trust: trusted && `${String(trusted.rootNumber)} ${String(trusted.head?.seq ?? 0)}`,
    step: step && String(step.head.seq),
    index: await directory.index(repository).completeRoot(),
  }
}
