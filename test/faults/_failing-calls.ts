// System calls of a running process that fail with EIO, by strace.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../_wait-for.ts'

/** Calls by which a node changes its disk, or looks at it, each with all its names; a machine has some of them. */
const NAMES = {
  fsync: 'fsync',
  fdatasync: 'fdatasync',
  pwrite: 'pwrite64',
  write: 'write',
  rename: '?rename,?renameat,renameat2',
  open: '?open,openat',
} as const
export type DiskCall = keyof typeof NAMES
export const DISK_CALLS: readonly DiskCall[] = [
  'fsync',
  'fdatasync',
  'pwrite',
  'write',
  'rename',
  'open',
]

/** Why no call can be made to fail here, or false when it can. */
export function failingCallsMissing(): string | false {
  const probe = spawnSync('strace', [
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'inject=fsync:error=EIO',
    'true',
  ])
  return probe.status === 0
    ? false
    : 'making system calls fail needs strace, and the right to trace'
}

export interface FailingInit {
  readonly pid: number
  readonly call: DiskCall
  /** The first fails, and then each so-manieth. */
  readonly every: number
}

/**
 * Have calls of a process fail while something is done.
 *
 * @returns what strace wrote of that call, of fsync and of rename, each with the paths
 */
export async function whileFailing(
  { pid, call, every }: FailingInit,
  run: () => Promise<void>,
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-trace-'))
  const output = join(directory, 'trace')
  // By write a process also speaks to its other threads and to sockets; only the database's journal is meant.
  const only = call === 'write' ? journalsOf(pid).flatMap((path) => ['-P', path]) : []
  const strace = spawn(
    'strace',
    [
      ...['-f', '-y', '-s', '8', '-o', output, '-p', String(pid), ...only],
      ...['-e', call === 'write' ? 'trace=write' : `trace=${NAMES[call]},fsync,${NAMES.rename}`],
      ...['-e', `inject=${NAMES[call]}:error=EIO:when=1+${String(every)}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const gone = once(strace, 'exit')
  let said = ''
  strace.stderr.on('data', (chunk) => (said += String(chunk)))
  try {
    await waitFor('strace', () => {
      if (strace.exitCode !== null) throw new Error(`Cannot trace: ${said}`)
      return /attached/.test(said) || undefined
    })
    await run()
  } finally {
    // It lets go of the process and ends.
    if (strace.exitCode === null) strace.kill('SIGINT')
    await gone
  }
  const trace = readFileSync(output, 'utf8')
  rmSync(directory, { recursive: true })
  return trace
}

/** How many calls failed. */
export function countFailed(trace: string): number {
  return trace.split('(INJECTED)').length - 1
}

/**
 * Temporary files of which a sync failed and which were used all the same: synced again, or given a name. The kernel may have
 * dropped what could not be written, and the second sync then succeeds on nothing.
 */
export function usedAfterFailedSync(trace: string): string[] {
  const failed = new Set<string>()
  const syncing = new Map<string, string>()
  const used: string[] = []
  for (const line of trace.split('\n')) {
    const [thread = ''] = line.split(' ', 1)
    const synced = /(?:fsync|fdatasync)\(\d+<([^>]*)>/.exec(line)?.[1]
    const renamed = /rename(?:at2?)?\([^"]*"([^"]*)"/.exec(line)?.[1]
    if (synced !== undefined) syncing.set(thread, synced)
    for (const path of [synced, renamed]) {
      if (path !== undefined && failed.has(path)) used.push(path)
    }
    const path = syncing.get(thread) ?? ''
    // Folders, and files that are replaced under the same temporary name, are other files or have no bytes to lose.
    const isFailure = /sync.* = -1 EIO .*\(INJECTED\)/.test(line)
    if (isFailure && /\/tmp\/\d+$/.test(path)) failed.add(path)
  }
  return used
}

function journalsOf(pid: number): string[] {
  const directory = `/proc/${String(pid)}/fd`
  const open = readdirSync(directory).flatMap((name) => {
    try {
      return [readlinkSync(join(directory, name))]
    } catch {
      // Closed since.
      return []
    }
  })
  return open.filter((path) => /\/db\/\d+\.log$/.test(path))
}
