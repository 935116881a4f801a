import { existsSync, statSync } from 'node:fs'

/** A system call as strace (-f -y) wrote it. */
export interface SystemCall {
  readonly name: string
  /** What it was called for: of an open file by its descriptor, else the first name among its arguments. */
  readonly path: string
  /** The second name among its arguments, of a rename or a link. */
  readonly to: string | undefined
  readonly args: string
  /** `EIO` and the like; undefined when it succeeded. */
  readonly error: string | undefined
  /** Whether strace let it fail. */
  readonly isInjected: boolean
}

const BEGUN = /^(.*) <unfinished \.\.\.>$/
const RESUMED = /^<\.\.\. \w+ resumed>(.*)$/
const CALL = /^(\w+)\((.*)\)\s+= (?:-1 (E\w+)|-?\w+)/
const OPEN_FILE = /^\d+<([^>]*)>/
const NAMES = /"([^"]*)"/g

/** Read a trace, in which calls of several threads may be torn in two. Calls that never ended are left out. */
export function* readCalls(trace: string): Generator<SystemCall> {
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const beginning = BEGUN.exec(text)?.[1]
    if (beginning !== undefined) begun.set(thread, beginning)
    else {
      const rest = RESUMED.exec(text)?.[1]
      const call = toCall(rest === undefined ? text : `${begun.get(thread) ?? ''}${rest}`)
      if (call !== undefined) yield call
    }
  }
}

function toCall(text: string): SystemCall | undefined {
  const [, name, args = '', error] = CALL.exec(text) ?? []
  if (name === undefined) return undefined
  const open = OPEN_FILE.exec(args)?.[1]
  const [first = '', second] = Array.from(args.matchAll(NAMES), ([, path = '']) => path)
  return {
    name,
    path: open ?? first,
    to: open === undefined ? second : undefined,
    args,
    error,
    isInjected: text.includes('(INJECTED)'),
  }
}

/**
 * Files of which a sync failed and that were used all the same: written, synced again, or given a name. The kernel may have
 * dropped what could not be written, and the second sync then succeeds on nothing. A file that is made anew under the same name
 * is another one. A directory has no bytes to lose: its names are in the file system's journal, or the file system takes no more.
 */
export function usedAfterFailedSync(
  calls: Iterable<SystemCall>,
  isDirectory: (path: string) => boolean,
): string[] {
  const failed = new Set<string>()
  const used: string[] = []
  for (const call of calls) {
    if (isUse(call) && failed.has(call.path)) used.push(`${call.name} ${call.path}`)
    if (call.error === undefined) moveFile(failed, call)
    else if (isSync(call) && !isDirectory(call.path)) failed.add(call.path)
  }
  return used
}

/** `usedAfterFailedSync` of a trace, by what is there now: what is gone is a file if it was made by opening it. */
export function usedInTrace(calls: readonly SystemCall[]): string[] {
  const made = new Set(calls.filter(({ args }) => args.includes('O_CREAT')).map(({ path }) => path))
  const isFile = (path: string): boolean =>
    made.has(path) || (existsSync(path) && statSync(path).isFile())
  return usedAfterFailedSync(calls, (path) => !isFile(path))
}

const isSync = ({ name }: SystemCall): boolean => /^f(?:data)?sync$/.test(name)
const isUse = (call: SystemCall): boolean =>
  isSync(call) || /^(?:p?write|rename|link)/.test(call.name)

/** Have a set of names follow the files that they stand for. */
function moveFile(names: Set<string>, { name, path, to, args }: SystemCall): void {
  const isMade = name.startsWith('open') && /O_EXCL|O_TRUNC/.test(args)
  if (isMade || name.startsWith('unlink')) names.delete(path)
  if (!name.startsWith('rename') || to === undefined) return
  names.delete(to)
  if (names.delete(path)) names.add(to)
}
