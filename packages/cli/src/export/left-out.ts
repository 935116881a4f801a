import { withdrawnWords } from '../audit/verdict.ts'
import { printable, remark } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import type { LeftOut } from './signed-list.ts'

/** Lines of one kind: a screenful. */
const MAX_NAMED = 20

/**
 * Whether a list has a digest for each file that should have one.
 *
 * @param allowMissing whether files may lack it that no repository ever named; what was withdrawn is never excused
 */
export function isComplete(
  { missing, withdrawn, unsure, ambiguous }: LeftOut,
  allowMissing: boolean,
): boolean {
  if (missing.length > 0 && !allowMissing) return false
  return withdrawn.length + unsure.length + ambiguous.length === 0
}

/** What a list says of them, and nothing else of it. */
export function leftOutOf({ missing, withdrawn, unsure, ambiguous }: LeftOut): LeftOut {
  return { missing, withdrawn, unsure, ambiguous }
}

/** Name the files that have no digest in a list, those that matter most last, where they are seen. */
export function sayLeftOut(
  { missing, withdrawn, unsure, ambiguous }: LeftOut,
  terminal: Terminal,
): void {
  const say = (kind: string, lines: readonly string[]): void => {
    for (const line of lines.slice(0, MAX_NAMED)) remark(terminal, printable(`${kind}: ${line}`))
    const more = lines.length - MAX_NAMED
    if (more > 0) remark(terminal, `${kind}: and ${String(more)} more`)
  }
  say(
    'not signed',
    missing.map((path) => `${path}: no followed repository names it`),
  )
  say(
    'not looked up',
    unsure.map(({ path, reason }) => `${path}: an index could not be read, ${reason}`),
  )
  say(
    'ambiguous',
    ambiguous.map((path) => `${path}: repositories name different bytes; choose with --prefer`),
  )
  say(
    'WITHDRAWN',
    withdrawn.map((file) => `${file.path}: ${withdrawnWords(file)}, from ${file.repository}`),
  )
}
