import type { Withdrawal } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { Verdict } from './judge-file.ts'
import type { Judge } from './scan-tree.ts'
import type { ScannedFile } from './tree-file.ts'

/**
 * A judge that leaves out what was withdrawn, though it may still stand there, and lets back only what is to be restored: a
 * release with the bytes that it had.
 */
export function leavingWithdrawn<File extends ScannedFile>(
  judge: Judge<File>,
  {
    withdrawn,
    restore,
  }: { readonly withdrawn: readonly Withdrawal[]; readonly restore: ReadonlySet<string> },
): Judge<File> {
  if (withdrawn.length === 0) return judge
  const byPath = new Map<string, Withdrawal>(withdrawn.map((one) => [one.path, one]))
  return {
    known: (file, recorded) => {
      const withdrawal = byPath.get(file.path)
      if (withdrawal === undefined || restore.has(file.path)) return judge.known(file, recorded)
      return { recorded: undefined, withdrawn: remarkOn(withdrawal) }
    },
    look: async (file, recorded) => {
      const verdict = await judge.look(file, recorded)
      const withdrawal = byPath.get(file.path)
      return withdrawal === undefined ? verdict : checkRestored(verdict, withdrawal)
    },
  }
}

function remarkOn({ issuedSeconds, reason }: Withdrawal): string {
  const day = new Date(issuedSeconds * 1000).toISOString().slice(0, 10)
  return `withdrawn on ${day}${reason === undefined ? '' : `, ${reason}`}: remove the file, or publish it again with --restore`
}

/** What comes back is what was released: the history allows nothing else. */
function checkRestored(verdict: Verdict, { path, digest }: Withdrawal): Verdict {
  const found = verdict.change?.after?.digest
  if (found === undefined || found === digest || isMutablePath(path)) return verdict
  const reason = `found SHA-256 ${found}, wanted ${digest} as it was released before it was withdrawn`
  return { recorded: undefined, refused: { path, recorded: digest, found, reason } }
}
