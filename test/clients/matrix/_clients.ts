import { spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import type { Client } from './_client.ts'
import { clj } from './_clj.ts'
import { gradle } from './_gradle.ts'
import { lein } from './_lein.ts'
import { maven } from './_maven.ts'

/** The clients of the matrix, in the order of the report. */
export const CLIENTS: readonly Client[] = [lein, maven, clj, gradle]

/** Version of a client that is installed. */
export function versionOf({ version }: Client): string {
  const [program = '', ...args] = version.command
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return version.pattern.exec(stripVTControlCharacters(stdout))?.[1] ?? 'unknown'
}
