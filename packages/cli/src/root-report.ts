import { fingerprintOf } from '@jarswarm/trust'
import type { RoleName, RootProposal, RootTerms } from '@jarswarm/trust'
import { shortKeyId } from './key-file.ts'
import { printable } from './terminal.ts'

const DAY_MS = 86_400_000
/** A quarter: the holders of a root must find time to meet. */
const WARN_BEFORE_DAYS = 90

const ROLES: readonly RoleName[] = ['root', 'timestamp', 'snapshot', 'targets']

/** A root manifest's roots as a JSON document. */
export interface ProposalDocument {
  readonly root: number
  readonly id: string | null
  readonly expires: string
  readonly complete: boolean
  readonly signatures: readonly {
    readonly of: 'current' | 'proposed'
    readonly threshold: number
    /** Key ids. */
    readonly signed: readonly string[]
    readonly unsigned: readonly string[]
  }[]
}

/** What programs are told of a proposal. */
export function proposalDocument(proposal: RootProposal): ProposalDocument {
  return {
    root: proposal.number,
    id: proposal.id ?? null,
    expires: dateOf(proposal.proposed.expiresMs),
    complete: proposal.isComplete,
    signatures: proposal.signatures.map(({ of, threshold, signed, unsigned }) => ({
      of,
      threshold,
      signed: signed.map(shortKeyId),
      unsigned: unsigned.map(shortKeyId),
    })),
  }
}

/** Whose root is proposed, what changes with it, and who signed: one line each. */
export function describeProposal(proposal: RootProposal): readonly string[] {
  const { id, number, proposed, current } = proposal
  const whose = id === undefined ? 'a new repository' : `repository ${fingerprintOf(id)} (${id})`
  return [
    printable(`root ${String(number)} of ${proposed.name}, ${whose}`),
    ...describeTerms(proposed, current),
    ...describeSignatures(proposal),
  ]
}

/** Who signed a proposal, and how many more are wanted. */
export function describeSignatures(proposal: RootProposal): readonly string[] {
  return proposal.signatures.map(({ of, threshold, signed, unsigned }) => {
    const whose = of === 'current' ? 'of the root in force' : 'of the proposed root'
    const lacking = Math.max(0, threshold - signed.length)
    const open =
      lacking === 0 ? 'enough' : `${String(lacking)} more of ${unsigned.map(shortKeyId).join(', ')}`
    return `  signatures   ${String(signed.length)} of ${String(threshold)} ${whose}: ${open}`
  })
}

/** What a root says; with the one before it, what was said before, too. */
export function describeTerms(terms: RootTerms, before?: RootTerms): readonly string[] {
  const line = (label: string, value: string, old?: string): string =>
    printable(
      old === undefined || old === value
        ? `  ${label.padEnd(12)} ${value}`
        : `* ${label.padEnd(12)} ${value}   (was: ${old})`,
    )
  return [
    ...ROLES.map((role) =>
      line(role, describeKeys(terms, role), before && describeKeys(before, role)),
    ),
    line('origin', terms.origin ?? 'none', before && (before.origin ?? 'none')),
    line('bootstrap', describeBootstrap(terms), before && describeBootstrap(before)),
    ...terms.withdrawals.map((digest) => {
      const isNew = before !== undefined && !before.withdrawals.includes(digest)
      const what = `withdrawing the files of the list with SHA-256 ${digest}`
      return line('allows', what, isNew ? 'not allowed' : undefined)
    }),
    line('expires', dateOf(terms.expiresMs), before && dateOf(before.expiresMs)),
  ]
}

/** What to say of a root that expires soon, or has; undefined when there is time. */
export function expiryWarning({ number, expiresMs }: RootTerms, nowMs: number): string | undefined {
  const days = Math.floor((expiresMs - nowMs) / DAY_MS)
  if (days > WARN_BEFORE_DAYS) return undefined
  const when = days < 0 ? `expired on ${dateOf(expiresMs)}` : `expires in ${String(days)} days`
  return `warning: root ${String(number)} ${when}; have its holders sign the next one: jarswarm repo rotate --role root`
}

function describeKeys({ roles }: RootTerms, role: RoleName): string {
  const { publicKeys, threshold } = roles[role]
  return `${String(threshold)} of ${publicKeys.map(shortKeyId).join(', ')}`
}

function describeBootstrap({ bootstrap }: RootTerms): string {
  return bootstrap.length === 0 ? 'none' : bootstrap.join(' ')
}

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
