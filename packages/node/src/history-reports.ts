import type {
  Mirror,
  HistoryRange,
  HistoryReport,
  MirroredRepository,
  PathHistory,
} from '@jarswarm/mirror'
import { UnavailableError } from '@jarswarm/ports'
import type { AbortOptions } from '@jarswarm/ports'
import { parseAddress } from './artifact-address.ts'
import { NotFoundError } from './errors.ts'

/** All that ever happened to a path, as its repository's history says. */
export interface FileHistory extends PathHistory {
  readonly repository: string
  readonly path: string
  /** Base URL that the signer saw the files at; null when the operator of the repository signs. */
  readonly observed: string | null
}

/** How the history of one repository fits together, or why that cannot be said now. */
export type VerifiedRepository = { readonly repository: string } & (
  HistoryReport | { readonly unavailable: string }
)

/**
 * Every event of a path, each with its proof.
 *
 * @param address `<repository name>/<path>`
 * @throws {NotFoundError} when there is no such repository
 * @throws {UnavailableError} when the history cannot be had now
 */
export async function fileHistory(
  mirror: Mirror,
  address: string,
  { signal = new AbortController().signal }: AbortOptions,
): Promise<FileHistory> {
  const { repository: name, path } = parseAddress(address)
  const repository = find(mirror, name)
  await untilSettled(repository, signal)
  const found = await repository.history.pathHistory(path, signal)
  return { repository: name, path, observed: repository.head?.observed ?? null, ...found }
}

/**
 * Compare heads that were in use; without a range, replay the whole history too. One repository that cannot be judged
 * keeps none of the others from it.
 *
 * @param name of a repository; undefined for all
 */
export async function verifyHistory(
  mirror: Mirror,
  { name, ...range }: HistoryRange & { readonly name?: string | undefined },
  { signal = new AbortController().signal }: AbortOptions,
): Promise<readonly VerifiedRepository[]> {
  const reports: VerifiedRepository[] = []
  for (const repository of name === undefined ? mirror.sources() : [find(mirror, name)]) {
    reports.push({ repository: repository.name, ...(await verify(repository, range, signal)) })
  }
  return reports
}

async function verify(
  repository: MirroredRepository,
  range: HistoryRange,
  signal: AbortSignal,
): Promise<HistoryReport | { readonly unavailable: string }> {
  try {
    await untilSettled(repository, signal)
    return await repository.history.verify(range, signal)
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    return { unavailable: error.message }
  }
}

/** Without that, a node that was just started says nothing of a head that it is about to refuse. */
async function untilSettled(repository: MirroredRepository, signal: AbortSignal): Promise<void> {
  if (repository.head === undefined) await repository.lookForNewerHead({ signal })
  await repository.untilInUse({ signal })
}

function find(mirror: Mirror, name: string): MirroredRepository {
  const repository = mirror.find(name)
  if (repository !== undefined) return repository
  throw new NotFoundError(`Cannot read the history of ${name}: no such repository is followed here`)
}
