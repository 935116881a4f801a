import { spawn } from 'node:child_process'

/** Longer than any build here that ends: a build that takes this long hangs. */
const BUILD_TIMEOUT_MS = 90_000
/** Of a build's output; what is said last is what matters. */
const MAX_OUTPUT_CHARACTERS = 200_000

/** How a command ended. */
export interface Ended {
  /** Null when it was killed because it took too long. */
  readonly code: number | null
  readonly seconds: number
  /** The end of standard output and standard error, as they came. */
  readonly output: string
}

/** Where a command runs. */
export interface Surroundings {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Run a command to its end. */
export async function runToEnd(
  [program = '', ...args]: readonly string[],
  { cwd, env }: Surroundings,
): Promise<Ended> {
  const started = performance.now()
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BUILD_TIMEOUT_MS,
  })
  let output = ''
  const keep = (chunk: unknown): void => {
    output = (output + String(chunk)).slice(-MAX_OUTPUT_CHARACTERS)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, seconds: (performance.now() - started) / 1_000, output }
}
