import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Client, Command, Place } from './_client.ts'
import { fileOf } from './_coordinate.ts'
import type { Coordinate } from './_coordinate.ts'
import { runToEnd } from './_process.ts'

/**
 * What became of a build. `right`: it ended well with all files as they should be. `failed`: it said that it failed. The
 * rest said that all was well: `incomplete` without files that it needs, `wrong` with other bytes than the repository's.
 */
export type Outcome = 'right' | 'failed' | 'incomplete' | 'wrong'

/** One build, as seen from outside. */
export interface Watched {
  readonly outcome: Outcome
  readonly code: number | null
  readonly seconds: number
  /** Files in the client's cache that note a failure. */
  readonly remembered: readonly string[]
  /** Files in the client's cache that are not the repository's. */
  readonly poisoned: readonly string[]
  /** What the client said last about what went wrong. */
  readonly said: string
}

interface Build {
  readonly client: Client
  readonly place: Place
  readonly command: Command
  readonly brings: readonly Coordinate[]
  readonly tree: string
}

/** Run a build and look at what it left. */
export async function watchBuild({
  client,
  place,
  command,
  brings,
  tree,
}: Build): Promise<Watched> {
  const { code, seconds, output } = await runToEnd(command.words, {
    cwd: place.project,
    env: command.env,
  })
  const brought = client.brought(place)
  const poisoned = [...brought]
    .filter(([name, read]) => !isOfTree(tree, name, read()))
    .map(([name]) => name)
  const wanted = brings.map((one) => basename(fileOf(one, 'jar')))
  const outcome = (): Outcome => {
    if (code !== 0) return 'failed'
    if (wanted.some((name) => !brought.has(name))) return 'incomplete'
    return poisoned.length > 0 ? 'wrong' : 'right'
  }
  return {
    outcome: outcome(),
    code,
    seconds,
    remembered: client.remembered(place),
    poisoned,
    said: code === 0 ? '' : complaintOf(output),
  }
}

/** Whether the repository has a file of this name with these bytes; of a snapshot any build will do. */
function isOfTree(tree: string, name: string, bytes: Uint8Array): boolean {
  const pattern = name.replace('SNAPSHOT', '*')
  return globSync(`**/${pattern}`, { cwd: tree }).some((path) =>
    readFileSync(join(tree, path)).equals(bytes),
  )
}

const REASON =
  /could not (?:transfer|find|resolve|get|head)|received status|failed to transfer|was not found|checksum|deployment failed|read-only/i

/** The line that says why, as well as lines of different clients can be told apart. */
function complaintOf(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/^(?:\[\w+\]|>|\s)+/, '').trim())
  const said = lines
    .filter((line) => REASON.test(line))
    .toSorted((one, other) => other.length - one.length)
  return (said[0] ?? lines.findLast((line) => line !== '') ?? '').slice(0, 300)
}
