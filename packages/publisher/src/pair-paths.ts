import type { RecordedFile } from './scan-record.ts'
import type { TreeStep } from './tree-file.ts'

/** What the tree and the record have at one path; at least one of them has something. */
export interface PathPair {
  readonly path: string
  readonly step: TreeStep | undefined
  readonly recorded: RecordedFile | undefined
  /** Whether the path is in a directory that cannot be listed, so that its absence says nothing. */
  readonly hidden: boolean
}

/** Merge two sequences that both ascend by path, holding no more than one of each. */
export async function* pairPaths(
  steps: AsyncIterable<TreeStep>,
  records: AsyncIterable<RecordedFile>,
): AsyncGenerator<PathPair> {
  await using left = new Cursor(steps)
  await using right = new Cursor(records)
  let step = await left.next()
  let recorded = await right.next()
  let unlisted = '/'
  while (step !== undefined || recorded !== undefined) {
    const order = compare(step?.path, recorded?.entry.path)
    const path = order <= 0 ? step?.path : recorded?.entry.path
    if (path === undefined) return
    if (order <= 0 && step?.kind === 'problem' && path.endsWith('/')) unlisted = path
    yield {
      path,
      step: order <= 0 ? step : undefined,
      recorded: order >= 0 ? recorded : undefined,
      hidden: path.startsWith(unlisted),
    }
    if (order <= 0) step = await left.next()
    if (order >= 0) recorded = await right.next()
  }
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
