import type { Question } from './_operation-node.ts'
import type { AskedRange } from './_operation-range.ts'
import type { SeededRandom } from './_random.ts'

const VERBS: readonly Question['verb'][] = ['get', 'get', 'get', 'range', 'head', 'list']
/** Half of the questions are about so many of the newest paths: what is new is what goes wrong. */
const NEWEST = 50
/** Positions up to here are in most files, and beyond the end of some. */
const MAX_POSITION = 4_000
/** In the midst of a large file, some pieces from its beginning. */
const FAR = 300_000
const IGNORED = ['bytes=0-0,0-1', 'items=0-1', 'bytes', 'bytes=a-b', 'bytes 0-1']

/** Draw what a client asks about these paths, oldest first. */
export function drawQuestion(random: SeededRandom, paths: readonly string[]): Question {
  const verb = one(random, VERBS)
  const path = one(random, random.below(2) === 0 ? paths : paths.slice(-NEWEST))
  if (verb === 'list') return { verb, path: path.slice(0, path.lastIndexOf('/')) }
  if (random.below(12) === 0) return { verb: 'get', path: `${path}-missing` }
  return verb === 'range' ? { verb, path, range: drawRange(random) } : { verb, path }
}

function drawRange(random: SeededRandom): AskedRange {
  const first =
    random.below(4) === 0 ? FAR + random.below(MAX_POSITION) : random.below(MAX_POSITION)
  switch (random.below(6)) {
    case 0:
      return { kind: 'between', first: 0, last: random.below(2) }
    case 1:
      return { kind: 'between', first, last: first + random.below(MAX_POSITION) }
    case 2:
      return { kind: 'from', first: random.below(2) === 0 ? 0 : first }
    case 3:
      return { kind: 'last', count: first }
    case 4:
      return { kind: 'between', first, last: first + FAR }
    default:
      return { kind: 'ignored', header: one(random, IGNORED) }
  }
}

const one = <T>(random: SeededRandom, list: readonly T[]): T => list[random.below(list.length)] as T
