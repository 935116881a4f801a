// System calls of a running process that fail with EIO, by strace.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { waitFor } from '../_wait-for.ts'
import { readCalls } from './_system-calls.ts'
import type { SystemCall } from './_system-calls.ts'

/** Calls by which programs change a disk, or look at it, each with all its names; a machine has some of them. */
const NAMES = {
  fsync: 'fsync',
  fdatasync: 'fdatasync',
  pwrite: 'pwrite64',
  write: 'write',
  rename: '?rename,?renameat,renameat2',
  open: '?open,openat',
  link: '?link,linkat',
} as const
export type DiskCall = keyof typeof NAMES
export const DISK_CALLS = Object.keys(NAMES) as readonly DiskCall[]
const TRACED = [...Object.values(NAMES), '?unlink,unlinkat'].join()

/** Which kind a call of a trace is of. */
export function kindOf({ name }: SystemCall): DiskCall | undefined {
  return DISK_CALLS.find((call) => NAMES[call].replaceAll('?', '').split(',').includes(name))
}

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

/** Which calls fail, and with what. */
export interface CallFault {
  /** @defaultValue none */
  readonly call?: DiskCall | undefined
  /** The first of a thread fails, and then each so-manieth. @defaultValue 1 */
  readonly every?: number
  /** Of a thread only this one fails, counted from 1. @defaultValue as `every` says */
  readonly at?: number | undefined
  /** Only those that concern these files. @defaultValue all */
  readonly only?: readonly string[] | undefined
}

/** Have calls of a running process fail while something is done. @returns its calls, or those that concern the files */
export async function whileFailing(
  pid: number,
  fault: CallFault,
  run: () => Promise<void>,
): Promise<readonly SystemCall[]> {
  const trace = new TraceFile()
  const strace = spawn('strace', [...trace.options(fault), '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
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
  return trace.take()
}

/** What a command that ran to its end did. */
export interface TracedCommand {
  readonly code: number | null
  readonly stderr: string
  readonly calls: readonly SystemCall[]
}

/** Run a program to its end, calls of which fail; one that says to be ready is ended. */
export async function runFailing(
  command: readonly string[],
  fault: CallFault,
): Promise<TracedCommand> {
  const trace = new TraceFile()
  // One thread for the disk: the same things come in the same order.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const child = spawn('strace', ['--seccomp-bpf', ...trace.options(fault), ...command], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk) => {
    if (String(chunk).includes('"ready":true')) endTraced(child.pid ?? 0)
  })
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stderr, calls: trace.take() }
}

/** End in peace what strace runs. */
function endTraced(strace: number): void {
  const pid = readFileSync(`/proc/${String(strace)}/task/${String(strace)}/children`, 'utf8')
  process.kill(Number(pid.trim()), 'SIGTERM')
}

/** Where strace writes to. */
class TraceFile {
  readonly #directory = mkdtempSync(join(tmpdir(), 'jarswarm-trace-'))

  options({ call, every = 1, at, only = [] }: CallFault): readonly string[] {
    const when = at === undefined ? `1+${String(every)}` : String(at)
    return [
      ...['-f', '-y', '-s', '8', '-o', this.#path, '-e', `trace=${TRACED}`],
      ...only.flatMap((path) => ['-P', path]),
      ...(call === undefined ? [] : ['-e', `inject=${NAMES[call]}:error=EIO:when=${when}`]),
    ]
  }

  take(): readonly SystemCall[] {
    const calls = [...readCalls(readFileSync(this.#path, 'utf8'))]
    rmSync(this.#directory, { recursive: true })
    return calls
  }

  get #path(): string {
    return join(this.#directory, 'trace')
  }
}

/** Journals of databases that a process has open. */
export function journalsOf(pid: number): string[] {
  const directory = `/proc/${String(pid)}/fd`
  const open = readdirSync(directory).flatMap((name) => {
    try {
      return [readlinkSync(join(directory, name))]
    } catch {
      // Closed since.
      return []
    }
  })
  return open.filter((path) => /\/\d+\.log$/.test(path))
}
