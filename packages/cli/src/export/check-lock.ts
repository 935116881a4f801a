import type { NodeControl } from '@jarswarm/node'
import { AuditReport } from '../audit/audit-report.ts'
import { PastStates } from '../audit/past-states.ts'
import { judge, withRemarks } from '../audit/verdict.ts'
import type { Verdict } from '../audit/verdict.ts'
import type { CheckedLock } from './lock-file.ts'
import type { SignedFile } from './signed-list.ts'

/** Paths asked about at a time; the node takes 512 at most. */
const PATHS_PER_QUESTION = 256

/** Compare a lockfile with index and history: the same digest must still be signed for each of its files. */
export async function checkLock(
  node: NodeControl,
  { artifacts, ids }: CheckedLock,
  signal: AbortSignal,
): Promise<AuditReport> {
  const report = new AuditReport(['changed', 'withdrawn', 'missing', 'older'])
  const statuses = await node.repositories({ signal })
  // Whoever wrote the lockfile may call it something else.
  const names = new Map<string, string>(statuses.map(({ id, name }) => [id, name]))
  const past = new PastStates(node, signal)
  for (let at = 0; at < artifacts.length; at += PATHS_PER_QUESTION) {
    const some = artifacts.slice(at, at + PATHS_PER_QUESTION)
    const findings = await node.lookUp(
      some.map(({ path }) => path),
      { signal },
    )
    for (const [index, artifact] of some.entries()) {
      const finding = findings[index]
      if (finding === undefined) throw new TypeError('Cannot check: an answer is missing')
      const { path, sha256: digest, size: sizeBytes } = artifact
      const verdict = judge({ path, digest, sizeBytes }, finding)
      const name = names.get(ids.get(artifact.repository) ?? '')
      report.add(path, await explain(verdict, { artifact, name, past }))
    }
  }
  return report
}

interface Locked {
  readonly artifact: SignedFile
  /** What its repository is called here; undefined when it is not followed. */
  readonly name: string | undefined
  readonly past: PastStates
}

/** Whether what is not signed now once was. */
async function explain(
  verdict: Verdict,
  { artifact: { path, sha256, size, repository }, name, past }: Locked,
): Promise<Verdict> {
  if (verdict.kind === 'same' || verdict.kind === 'unsure') return verdict
  if (verdict.kind === 'differs' && verdict.difference.kind === 'withdrawn') return verdict
  const state = name === undefined ? 'unfollowed' : await past.find(name, path, sha256)
  const locked = { digest: sha256, bytes: size }
  const remark = REMARKS[state]
  if (verdict.kind === 'differs') {
    const kind = state === 'published' ? 'older' : 'changed'
    return { kind: 'differs', difference: withRemarks({ ...verdict.difference, kind }, remark) }
  }
  const difference = {
    kind: 'missing',
    path,
    repository: name ?? repository,
    found: locked,
    signed: locked,
    remark,
  } as const
  return { kind: 'differs', difference }
}

const REMARKS = {
  published: 'it was published with the locked digest, and is not any more',
  never: 'it was never published with the locked digest',
  unasked: 'its history cannot be read now',
  unfollowed: 'the repository that it was locked from is not followed here',
} as const
