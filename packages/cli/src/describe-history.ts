import type { FileHistory, VerifiedRepository } from '@jarswarm/node'
import { printable } from './terminal.ts'

type Event = FileHistory['events'][number]
type VerifiedHistory = Extract<VerifiedRepository, { readonly heldBack: unknown }>

/** What happened to a file, for people. */
export function describeFileHistory(found: FileHistory): string {
  const { path, events, head, heldBack } = found
  const notShown = heldBack === null ? [] : [describeHeldBack(heldBack)]
  const upTo = `head ${String(head.seq)} of ${head.issued}`
  if (events.length === 0) {
    return [`${path} is not named in the history up to ${upTo}.`, ...notShown].join('\n')
  }
  const lines = events.map((event, place) =>
    describeEvent(event, { before: events[place - 1], observed: found.observed }),
  )
  const proven = `Each line is proven to be in the history of ${upTo}.`
  return [path, ...lines, proven, ...notShown].join('\n')
}

/** Whether the newest head of a repository is in use, and all that was compared agrees. */
export function isHistoryWell(report: VerifiedRepository): boolean {
  if ('unavailable' in report) return false
  const { inconsistent, replay, heldBack } = report
  return heldBack === null && inconsistent.length === 0 && replay?.mismatch === undefined
}

/** What came of comparing the history of a repository, for people. */
export function describeVerified(report: VerifiedRepository): string {
  const { repository } = report
  if ('unavailable' in report) {
    return printable(`${repository}: cannot be checked now: ${report.unavailable}.`)
  }
  const { heldBack, replay } = report
  const lines = [
    ...(heldBack === null ? [] : [`${repository}: ${describeHeldBack(heldBack)}`]),
    `${repository}: ${describeComparison(report)}`,
  ]
  if (replay?.mismatch !== undefined) {
    const { path, reason } = replay.mismatch
    lines.push(printable(`Index and history do not agree: ${path}: ${reason}.`))
  } else if (replay !== undefined) {
    lines.push(
      `The index of ${String(replay.files)} files is exactly what the ${String(replay.lines)} lines of the history say.`,
    )
  }
  return lines.join('\n')
}

/** A release leaves by being withdrawn, and in no other way; a mutable file may also merely go. */
function describeEvent(
  { kind, seq, digest, reason, since }: Event,
  { before, observed }: { readonly before: Event | undefined; readonly observed: string | null },
): string {
  const date = since.seq === seq ? ` of ${since.issued}` : `, before ${since.issued}`
  const first = observed === null ? 'first published' : `first seen at ${printable(observed)}`
  const isWithdrawn = before?.kind === 'put' || reason !== undefined
  const left = isWithdrawn ? 'withdrawn' : 'removed'
  const said = kind === 'del' ? left : before === undefined ? first : 'published'
  const why = reason === undefined ? '' : `, ${printable(reason)}`
  return `head ${String(seq)}${date}: ${said}, SHA-256 ${digest}${why}`
}

function describeComparison({ head, heads, inconsistent }: VerifiedHistory): string {
  const name = `head ${String(head.seq)}, the one in use,`
  if (inconsistent.length > 0) {
    return `${name} REWRITES the history of head ${inconsistent.join(', ')}.`
  }
  const earlier = heads.filter(({ seq }) => seq !== head.seq).length
  if (earlier === 0) return `${name} is the only one so far: there is no earlier one to compare.`
  const count = earlier === 1 ? 'the one earlier head' : `all ${String(earlier)} earlier heads`
  return `${name} continues ${count} compared with it.`
}

/** A newer head for which nothing that is shown speaks. */
function describeHeldBack({
  seq,
  reason,
  refused,
}: NonNullable<VerifiedHistory['heldBack']>): string {
  const said = refused ? 'is REFUSED' : 'is not in use'
  return printable(`head ${String(seq)} ${said}: ${reason}; what follows is without it.`)
}
