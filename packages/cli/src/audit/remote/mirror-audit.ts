import { describeFailure, OriginLostError } from '@jarswarm/http'
import type { PatientReader } from '@jarswarm/http'
import type { IndexEntry } from '@jarswarm/manifest'
import type { NodeControl, WithdrawnList } from '@jarswarm/node'
import type { Terminal } from '../../terminal.ts'
import { PastStates } from '../past-states.ts'
import { differenceOf, judge } from '../verdict.ts'
import { isPageName, judgeRemote } from './judge-remote.ts'
import type { MirrorReport } from './mirror-report.ts'
import { readRemoteFile } from './read-remote-file.ts'
import type { RemoteBytes } from './read-remote-file.ts'
import { RemoteChecksums } from './remote-checksums.ts'

/** What is compared with what, and how. */
export interface MirrorAuditInit {
  readonly reader: PatientReader
  /** What was found; filled as it is found. */
  readonly report: MirrorReport
  /** Whether another date is a difference. */
  readonly strictDates: boolean
  /** Files asked for at a time. */
  readonly connections: number
}

/** The index does not say any more how long it was; of a longer one the digest is not compared. */
const MAX_WITHDRAWN_BYTES = 1_073_741_824

/** A file that was taken back. */
export type WithdrawnPath = WithdrawnList['files'][number]

/** Compares the files of one server, each by itself. */
export class MirrorAudit {
  readBytes = 0
  readonly #init: MirrorAuditInit
  readonly #checksums: RemoteChecksums
  readonly #past: PastStates
  readonly #signal: AbortSignal

  constructor(node: NodeControl, init: MirrorAuditInit, { signal }: Terminal) {
    this.#init = init
    this.#checksums = new RemoteChecksums(init.reader)
    this.#past = new PastStates(node, signal)
    this.#signal = signal
  }

  async compare(entry: IndexEntry): Promise<void> {
    const { report } = this.#init
    const isDone = await this.#tried(entry.path, () => this.#compare(entry))
    if (!isDone) report.files += 1
  }

  /** Whether the server still gives out what was withdrawn. */
  async askWithdrawn(file: WithdrawnPath): Promise<void> {
    this.#init.report.withdrawnAsked += 1
    await this.#tried(file.path, () => this.#askWithdrawn(file))
  }

  /** @returns false when it could not be done, which is a problem of the file alone */
  async #tried(path: string, task: () => Promise<void>): Promise<boolean> {
    this.#signal.throwIfAborted()
    try {
      await task()
      return true
    } catch (error) {
      this.#signal.throwIfAborted()
      if (error instanceof OriginLostError) throw error
      this.#init.report.addProblem(path, describeFailure(error))
      return false
    }
  }

  async #askWithdrawn(file: WithdrawnPath): Promise<void> {
    const { report, reader } = this.#init
    const { headOnly } = report
    const { path } = file
    const wanted = { path, sizeBytes: MAX_WITHDRAWN_BYTES }
    const remote = await readRemoteFile(reader, wanted, { headOnly, algorithms: [] })
    if (remote.kind === 'cut') report.addProblem(path, remote.reason)
    // A page for people in its place says that it is gone.
    if (remote.kind !== 'bytes' || (remote.isPage && !isPageName(path))) return
    if (!headOnly) this.readBytes += remote.sizeBytes
    const found = { path, sizeBytes: remote.sizeBytes, digest: remote.digests?.get('sha256') }
    const verdict = judge(found, { path, indexed: [], withdrawn: [file], unsure: null })
    if (verdict.kind === 'differs') report.note(verdict.difference)
  }

  async #compare(entry: IndexEntry): Promise<void> {
    const { report, reader } = this.#init
    const { repository, headOnly } = report
    const algorithms = headOnly ? [] : this.#checksums.algorithms
    const remote = await readRemoteFile(reader, entry, { headOnly, algorithms })
    const difference = await judgeRemote(remote, { repository, entry }, this.#past)
    report.add(
      entry.path,
      difference === undefined ? { kind: 'same' } : { kind: 'differs', difference },
    )
    if (remote.kind !== 'bytes') return
    if (!headOnly) this.readBytes += remote.sizeBytes
    if (difference === undefined) this.#compareDate(remote, entry)
    await this.#compareChecksums(remote, entry)
  }

  async #compareChecksums({ digests, sizeBytes }: RemoteBytes, entry: IndexEntry): Promise<void> {
    if (digests === undefined) return
    const reasons = await this.#checksums.check(entry.path, digests)
    if (reasons.length === 0) return
    const { report } = this.#init
    const { repository } = report
    const found = { path: entry.path, sizeBytes, digest: digests.get('sha256') }
    const difference = differenceOf('checksum', found, { repository, ...entry })
    report.note({ ...difference, remark: reasons.join('; ') })
  }

  #compareDate({ lastModifiedMs, sizeBytes, digests }: RemoteBytes, entry: IndexEntry): void {
    if (lastModifiedMs === undefined) return
    if (Math.floor(lastModifiedMs / 1_000) === entry.mtimeSeconds) return
    const { report, strictDates } = this.#init
    const { repository } = report
    report.dates += 1
    if (!strictDates) return
    const found = { path: entry.path, sizeBytes, digest: digests?.get('sha256') }
    const [there, signed] = [lastModifiedMs, entry.mtimeSeconds * 1_000].map((ms) =>
      new Date(ms).toISOString(),
    )
    const difference = differenceOf('date', found, { repository, ...entry })
    report.note({ ...difference, remark: `dated ${there ?? ''}, signed ${signed ?? ''}` })
  }
}
