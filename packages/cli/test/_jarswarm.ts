import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** What the command reads from its standard input. @defaultValue nothing */
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[]
  /** Interrupts the command, as Ctrl-C does, once it resolves. */
  readonly interrupt?: Promise<unknown>
}

export interface Started {
  readonly child: ChildProcess
  /** The ready line, parsed. */
  readonly ready: Readonly<Record<string, unknown>>
  readonly exited: Promise<unknown>
}

/** A directory that the test removes. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-cli-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** Run a command to its end. */
export async function runJarswarm(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = spawnJarswarm(args, options)
  void options.interrupt?.then(() => child.kill('SIGINT'))
  const [stdout, stderr] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    once(child, 'close'),
  ])
  return { code: child.exitCode, stdout, stderr }
}

/** Start a long-running command with `--json`, and wait for its ready line. The test ends it. */
export async function startJarswarm(t: TestContext, args: readonly string[]): Promise<Started> {
  const child = spawnJarswarm([...args, '--json'], {})
  const exited = once(child, 'exit')
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await exited
  })
  const errors = readAll(child.stderr)
  if (child.stdout === null) throw new Error('Cannot read the output of the command')
  for await (const line of createInterface({ input: child.stdout })) {
    child.stdout.resume()
    return { child, ready: JSON.parse(line) as Record<string, unknown>, exited }
  }
  throw new Error(`Cannot start jarswarm ${args.join(' ')}: ${await errors}`)
}

/** Start a command; the caller ends it. */
export function spawnJarswarm(
  args: readonly string[],
  { env = {}, nodeFlags = [], input }: RunOptions,
): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      (!name.startsWith('JARSWARM_') && !name.startsWith('NODE_') && name !== 'CI') ||
      name === 'NODE_COMPILE_CACHE',
  )
  const child = spawn(process.execPath, ['--conditions=source', ...nodeFlags, MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(input)
  return child
}

function readAll(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream)
}
