// Loaded before a node (--import): writes to the file ACKNOWLEDGED, which is on another disk, what the node's own parts are
// told to be durable, and what is about to be removed. One line each, in the order in which it happened.
import { openSync, writeSync } from 'node:fs'
import type { Digest } from '@jarswarm/manifest'
import type { AcceptedStep, TrustRecord } from '@jarswarm/ports'
import { TrustedRepository } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import { BlobCommits } from '../../packages/store/src/blob-commits.ts'
import type { FinishedBlob } from '../../packages/store/src/blob-commits.ts'
import { BlobFiles } from '../../packages/store/src/blob-files.ts'
import { BlobRecords } from '../../packages/store/src/blob-records.ts'
import { FileTrustStore } from '../../packages/store/src/file-trust-store.ts'
import { LevelHistoryStore } from '../../packages/store/src/level-history-store.ts'
import { LevelIndexStore } from '../../packages/store/src/level-index-store.ts'

/** Whose trusted state is spoken of, where a node follows several. @defaultValue all */
const spokenOf = process.env['ACKNOWLEDGED_REPOSITORY']
const log = openSync(process.env['ACKNOWLEDGED'] ?? '', 'a')
const say = (line: string): void => {
  writeSync(log, `${line}\n`)
}

/** Have `after` speak once a method of a class has done what it was called for, and `before` before. */
function watch<Args extends unknown[]>(
  methods: object,
  name: string,
  { before, after }: { before?: (...args: Args) => void; after?: (...args: Args) => void },
): void {
  const all = methods as Record<string, (...args: Args) => Promise<unknown>>
  const method = all[name]
  if (method === undefined) throw new Error(`Cannot watch ${name}: there is no such method`)
  all[name] = async function (this: unknown, ...args: Args): Promise<unknown> {
    before?.(...args)
    const result = await method.apply(this, args)
    after?.(...args)
    return result
  }
}

watch(BlobCommits.prototype, 'commit', {
  before: ({ digest }: FinishedBlob) => {
    say(`storing ${digest}`)
  },
  after: ({ digest }: FinishedBlob) => {
    say(`stored ${digest}`)
  },
})

watch(BlobRecords.prototype, 'remove', {
  before: (removed: readonly { readonly digest: Digest }[]) => {
    for (const { digest } of removed) say(`removing ${digest}`)
  },
})

watch(BlobFiles.prototype, 'remove', {
  after: (digest: Digest) => {
    say(`removed ${digest}`)
  },
})

const sayState = (what: string, repository: RepositoryId, record: TrustRecord): void => {
  if (spokenOf !== undefined && spokenOf !== repository) return
  const { rootNumber, head } = TrustedRepository.restore(repository, record)
  say(`${what} ${String(rootNumber)} ${String(head?.seq ?? 0)}`)
}

watch(FileTrustStore.prototype, 'save', {
  before: (repository: RepositoryId, record: TrustRecord) => {
    sayState('trusting', repository, record)
  },
  after: (repository: RepositoryId, record: TrustRecord) => {
    sayState('trusted', repository, record)
  },
})

watch(LevelHistoryStore.prototype, 'accept', {
  before: ({ head }: AcceptedStep) => {
    say(`accepting ${String(head.seq)}`)
  },
  after: ({ head }: AcceptedStep) => {
    say(`accepted ${String(head.seq)}`)
  },
})

watch(LevelIndexStore.prototype, 'applyChanges', {
  before: (_changes: unknown, root?: Digest) => {
    say(`indexing ${root ?? '-'}`)
  },
  after: (_changes: unknown, root?: Digest) => {
    say(`indexed ${root ?? '-'}`)
  },
})
