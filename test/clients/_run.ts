import { spawn } from 'node:child_process'

const TIMEOUT_MS = 240_000

/** A command that came to its end. */
export interface Ended {
  readonly code: number | null
  /** Standard output and standard error, as they came. */
  readonly output: string
}

/** Run a command to its end; one that hangs is killed, which shows as the code null. */
export async function run(
  command: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, output }
}
