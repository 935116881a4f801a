import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseReadyLine } from '../ready-line.ts'
import type { ReadyLine } from '../ready-line.ts'

/** A process that does not serve by then never will. */
const READY_MS = 60_000
/** Longer than the program's own deadline for a clean stop. */
const STOP_MS = 7_000

/** A long-running `jarswarm` command in a process of its own. */
export interface RunningCommand {
  readonly ready: ReadyLine
  readonly pid: number
  /** End it cleanly, and by force when that takes too long. Resolves when it is gone. */
  stop(): Promise<void>
  /** End it as a power cut would. Resolves when it is gone. */
  kill(): Promise<void>
}

/**
 * Run a command to its end.
 *
 * @returns the document that it printed
 * @throws {Error} with its own words when it fails
 */
export async function runCommand(args: readonly string[], signal: AbortSignal): Promise<unknown> {
  const child = spawnJarswarm([...args, '--json'])
  const stop = (): void => void child.kill()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const closed = once(child, 'close') as Promise<[number | null]>
    const [out, err, [exitCode]] = await Promise.all([
      readAll(child.stdout),
      readAll(child.stderr),
      closed,
    ])
    signal.throwIfAborted()
    if (exitCode !== 0) throw failure(args, err)
    return JSON.parse(out)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Start a long-running command, and wait until it serves. It ends with this process, however this one ends. */
export async function startCommand(
  args: readonly string[],
  signal: AbortSignal,
): Promise<RunningCommand> {
  const child = spawnJarswarm([...args, '--json'])
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await exited
  }
  const errors = readAll(child.stderr)
  try {
    const ready = await readReadyLine(
      child,
      AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]),
    )
    if (ready === undefined) throw failure(args, await errors)
    return { ready, pid: child.pid ?? 0, kill, stop: () => stopChild(child, exited) }
  } catch (error) {
    await kill()
    throw error
  }
}

/**
 * In a process group of its own, so that Ctrl-C reaches only this process, which then stops the others in order;
 * with an IPC channel, whose end tells the child that this process is gone.
 */
function spawnJarswarm(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...entry(), ...args], {
    detached: true,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
}

/** How to start the program: built, or from its source by the same flags as this process. */
function entry(): readonly string[] {
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  if (!import.meta.url.endsWith('.ts')) return [file('../../bin/jarswarm.js')]
  return [...process.execArgv.filter((flag) => flag.startsWith('--conditions')), file('../main.ts')]
}

/** The user's own settings are for the user's own node. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env)
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith('JARSWARM_') && name !== 'CI'),
  )
}

async function readReadyLine(
  child: ChildProcess,
  signal: AbortSignal,
): Promise<ReadyLine | undefined> {
  if (child.stdout === null) return undefined
  const lines = createInterface({ input: child.stdout, signal })
  try {
    for await (const line of lines) {
      const ready = parseReadyLine(line)
      if (ready !== undefined) return ready
    }
    signal.throwIfAborted()
    return undefined
  } finally {
    lines.close()
    child.stdout.resume()
  }
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await exited
  clearTimeout(deadline)
}

function readAll(stream: Readable | null): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream)
}

function failure(args: readonly string[], stderr: string): Error {
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(stderr)?.[1] ?? stderr.trim()
  return new Error(`Cannot run jarswarm ${args.slice(0, 2).join(' ')}: ${said}`)
}
