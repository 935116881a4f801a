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
  /** How long it goes on, or until each path was answered once. */
  readonly until: { readonly seconds: number } | 'each once'
  /** Asked for in turn, each with a leading slash. */
  readonly paths: readonly string[]
  /** Where the script is written. */
  readonly script: string
}

export interface Throughput {
  readonly perSecond: number
  readonly p99Ms: number
}

/** What runs until each path was answered ends itself, and is given up after this. */
const MOST_SECONDS = 600

/** As `wrk` has no end but time, its script interrupts it; the figures are of the time until then. */
const END_AFTER_EACH = `
local ffi = require("ffi")
ffi.cdef("int getpid(); int kill(int, int);")
local answered = 0
response = function()
  answered = answered + 1
  if answered == #paths then
    wrk.thread:stop()
    ffi.C.kill(ffi.C.getpid(), 2)
  end
end
`

/**
 * Ask a server for paths, one after the other, as fast as it answers.
 *
 * @param url base URL without trailing slash
 * @throws when any answer was no 2xx, or a connection broke
 */
export async function measureThroughput(url: string, load: Load): Promise<Throughput> {
  const { connections, until, paths, script } = load
  const seconds = until === 'each once' ? MOST_SECONDS : until.seconds
  const list = paths.map((path) => `  ${JSON.stringify(path)},`).join('\n')
  writeFileSync(
    script,
    `local paths = {\n${list}\n}\nlocal at = 0\nrequest = function()\n  at = at % #paths + 1\n  return wrk.format("GET", paths[at])\nend\n` +
      (until === 'each once' ? END_AFTER_EACH : ''),
  )
  const options = ['-t', '1', '-c', String(connections), '-d', `${String(seconds)}s`, '--latency']
  const { stdout } = await run(PROGRAM, [...options, '-s', script, url])
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Cannot measure ${url}:\n${stdout}`)
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  const [, p99, unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  const factor = MILLISECONDS[unit]
  const answered = Number(/(\d+) requests in/.exec(stdout)?.[1])
  if (until === 'each once' && !(answered >= paths.length))
    throw new Error(`Cannot measure ${url}: ${String(answered)} answers to ${String(paths.length)}`)
  if (rate === undefined || factor === undefined) throw new Error(`Cannot read wrk:\n${stdout}`)
  return { perSecond: Number(rate), p99Ms: Number(p99) * factor }
}
