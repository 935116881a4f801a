import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'

const MAIN = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url))
const BUILT_MAIN = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url))

/** The line that a long-running command prints with `--json` once it serves. */
export interface Ready {
  readonly ready: true
  readonly http: string | null
  readonly https: string | null
  readonly listen: readonly string[]
  readonly link: string | null
}

/** A `jarswarm` process in the background. */
export interface Running {
  readonly ready: Ready
  readonly process: ChildProcess
  /** Everything it wrote to stderr so far. */
  readonly errors: () => string
  /** End it and wait until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** The environment without what would change a node's defaults on a build server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'CI' && !name.startsWith('JARSWARM_')),
  )
}

/** Where a command runs. */
export interface Place {
  /** Network namespace by its name, or undefined for this process's own. */
  readonly namespace?: string | undefined
  /** Run what was built, as users do, and not the sources: it starts sooner and takes less memory. */
  readonly built?: boolean
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Called at once with the process of a long-running command, which does not serve yet. */
  readonly spawned?: (child: ChildProcess) => void
}

/** The words that run `jarswarm` here with these arguments. */
export function commandOf(args: readonly string[], place: Place = {}): readonly string[] {
  const enter = place.namespace === undefined ? [] : ['ip', 'netns', 'exec', place.namespace]
  const program = place.built === true ? [BUILT_MAIN] : ['--conditions=source', MAIN]
  return [...enter, process.execPath, ...program, ...args]
}

function spawnJarswarm(args: readonly string[], place: Place): ChildProcess {
  const command = commandOf(args, place)
  return spawn(command[0] ?? '', command.slice(1), {
    env: { ...environment(), ...place.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  if (stream !== null) for await (const chunk of stream) text += String(chunk)
  return text
}

/** Run a command to its end. */
export async function runJarswarm(
  args: readonly string[],
  place: Place = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawnJarswarm(args, place)
  const [stdout, stderr] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    once(child, 'close'),
  ])
  return { code: child.exitCode, stdout, stderr }
}

/** Run a command that prints one JSON document, and fail with its own words when it fails. */
export async function runJson(
  args: readonly string[],
  place: Place = {},
): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runJarswarm([...args, '--json'], place)
  if (code !== 0)
    throw new Error(`jarswarm ${args.join(' ')} ended with ${String(code)}: ${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** Only who asks for TLS gets it: a certificate for each node costs time. */
function withoutTls(args: readonly string[]): readonly string[] {
  return args[0] === 'start' && !args.includes('--https') ? ['--https', 'off'] : []
}

/** Start a long-running command and wait until it serves. */
export async function startJarswarm(args: readonly string[], place: Place = {}): Promise<Running> {
  const child = spawnJarswarm([...args, ...withoutTls(args), '--json'], place)
  place.spawned?.(child)
  let errors = ''
  child.stderr?.on('data', (chunk) => (errors += String(chunk)))
  const gone = once(child, 'exit')
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await gone
    }
  }
  if (child.stdout === null) throw new Error('Cannot read the process: it has no standard output')
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const ready = JSON.parse(line) as Ready
    child.stdout.resume()
    return { ready, process: child, errors: () => errors, stop }
  }
  throw new Error(`Cannot start jarswarm ${args.join(' ')}: ${errors}`)
}
