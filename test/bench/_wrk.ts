import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PROGRAM = '/usr/bin/wrk'
const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 }

/** Whether wrk is installed, and the Debian package it comes in. */
export const missingWrk: string | undefined = existsSync(PROGRAM)
  ? undefined
  : 'wrk is not installed (apt-get install wrk)'

export interface Load {
  readonly connections: number
  readonly seconds: number
  /** Asked for in turn, each with a leading slash. */
  readonly paths: readonly string[]
  /** Where the script is written. */
  readonly script: string
}

export interface Throughput {
  readonly perSecond: number
  readonly p99Ms: number
}

/**
 * Ask a server for paths, one after the other, as fast as it answers.
 *
 * @param url base URL without trailing slash
 * @throws when any answer was no 2xx, or a connection broke
 */
export async function measureThroughput(url: string, load: Load): Promise<Throughput> {
  const { connections, seconds, paths, script } = load
  const list = paths.map((path) => `  ${JSON.stringify(path)},`).join('\n')
  writeFileSync(
    script,
    `local paths = {\n${list}\n}\nlocal at = 0\nrequest = function()\n  at = at % #paths + 1\n  return wrk.format("GET", paths[at])\nend\n`,
  )
  const options = ['-t', '1', '-c', String(connections), '-d', `${String(seconds)}s`, '--latency']
  const { stdout } = await run(PROGRAM, [...options, '-s', script, url])
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Cannot measure ${url}:\n${stdout}`)
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  const [, p99, unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  const factor = MILLISECONDS[unit]
  if (rate === undefined || factor === undefined) throw new Error(`Cannot read wrk:\n${stdout}`)
  return { perSecond: Number(rate), p99Ms: Number(p99) * factor }
}
