import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { needAll } from './_missing.ts'

const PROGRAM = '/usr/bin/rsync'

/** Whether rsync is installed, and the Debian package it comes in. */
export const missingRsync: string | undefined = existsSync(PROGRAM)
  ? undefined
  : 'rsync is not installed (apt-get install rsync)'

/** What one run of rsync took. */
export interface RsyncFigures {
  readonly ms: number
  /** Both directions together. */
  readonly wireBytes: number
}

/**
 * Bring a tree to another place of this machine as rsync brings it to another machine: by two processes and a pipe.
 *
 * @throws when rsync is not installed, or fails
 */
export async function rsync(
  from: string,
  to: string,
  options: readonly string[] = [],
): Promise<RsyncFigures> {
  needAll(missingRsync)
  const start = performance.now()
  const child = spawn(PROGRAM, ['-a', '--stats', ...options, `${from}/`, `${to}/`], {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => (text += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`Cannot go on: rsync ended with ${String(code)}`)
  const count = (name: string): number =>
    Number(new RegExp(`Total bytes ${name}: ([\\d,]+)`).exec(text)?.[1]?.replaceAll(',', ''))
  return { ms: performance.now() - start, wireBytes: count('sent') + count('received') }
}
