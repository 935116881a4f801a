import type { RecordedFile } from './scan-record.ts'
import type { ScannedFile, ScanStep } from './tree-file.ts'

/** What the tree and the record have at one path; at least one of them has something. */
export interface PathPair<File extends ScannedFile> {
  readonly path: string
  readonly step: ScanStep<File> | undefined
  readonly recorded: RecordedFile | undefined
  /** Whether absence says nothing: the path is in a directory that cannot be listed, or was not to be looked at. */
  readonly hidden: boolean
}

/** Merge two sequences that both ascend by path, holding no more than one of each. */
export async function* pairPaths<File extends ScannedFile>(
  steps: AsyncIterable<ScanStep<File>>,
  records: AsyncIterable<RecordedFile>,
): AsyncGenerator<PathPair<File>> {
  await using left = new Cursor(steps)
  await using right = new Cursor(records)
  let step = await left.next()
  let recorded = await right.next()
  let unlisted = '/'
  for (;;) {
    const pair = firstOf(step, recorded)
    if (pair === undefined) return
    const { path } = pair
    if (pair.step?.kind === 'problem' && path.endsWith('/')) unlisted = path
    yield { ...pair, hidden: path.startsWith(unlisted) }
    if (pair.step !== undefined) step = await left.next()
    if (pair.recorded !== undefined) recorded = await right.next()
  }
}

/** What comes first of both, together when they are at one path. */
function firstOf<File extends ScannedFile>(
  step: ScanStep<File> | undefined,
  recorded: RecordedFile | undefined,
): Omit<PathPair<File>, 'hidden'> | undefined {
  const order = compare(step?.path, recorded?.entry.path)
  if (order < 0 && step !== undefined) return { path: step.path, step, recorded: undefined }
  if (recorded === undefined) return undefined
  return { path: recorded.entry.path, step: order === 0 ? step : undefined, recorded }
}

/** Compare paths; what has ended comes after all that is still to come. */
function compare(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0
  if (left === undefined) return 1
  if (right === undefined) return -1
  return left < right ? -1 : 1
}

/** One place in a sequence, which is given up when the merge ends early. */
class Cursor<T> implements AsyncDisposable {
  readonly #iterator: AsyncIterator<T>

  constructor(sequence: AsyncIterable<T>) {
    this.#iterator = sequence[Symbol.asyncIterator]()
  }

  async next(): Promise<T | undefined> {
    const result = await this.#iterator.next()
    return result.done === true ? undefined : result.value
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.()
  }
}
