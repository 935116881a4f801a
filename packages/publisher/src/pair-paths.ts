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

/** Pair steps with what is recorded of the same paths; what else is recorded does not come. */
export async function* pairListed<File extends ScannedFile>(
  steps: AsyncIterable<ScanStep<File>>,
  find: (path: string) => RecordedFile | undefined,
): AsyncGenerator<PathPair<File>> {
  for await (const step of steps) {
    yield { path: step.path, step, recorded: find(step.path), hidden: true }
  }
}

/** Merge two sequences that both ascend by path, holding no more than one of each. */
export function* pairPaths<File extends ScannedFile>(
  steps: Iterable<ScanStep<File>>,
  records: Iterable<RecordedFile>,
): Generator<PathPair<File>, void, undefined> {
  const right = records[Symbol.iterator]()
  const nextRecorded = (): RecordedFile | undefined => {
    const result = right.next()
    return result.done === true ? undefined : result.value
  }
  try {
    let unlisted = '/'
    let recorded = nextRecorded()
    for (const step of steps) {
      const { path } = step
      for (; recorded !== undefined && recorded.entry.path < path; recorded = nextRecorded()) {
        yield pairGone(recorded, unlisted)
      }
      if (step.kind === 'problem' && path.endsWith('/')) unlisted = path
      const isBoth = recorded?.entry.path === path
      const hidden = path.startsWith(unlisted)
      yield { path, step, recorded: isBoth ? recorded : undefined, hidden }
      if (isBoth) recorded = nextRecorded()
    }
    for (; recorded !== undefined; recorded = nextRecorded()) yield pairGone(recorded, unlisted)
  } finally {
    right.return?.()
  }
}

function pairGone<File extends ScannedFile>(
  recorded: RecordedFile,
  unlisted: string,
): PathPair<File> {
  const { path } = recorded.entry
  return { path, step: undefined, recorded, hidden: path.startsWith(unlisted) }
}
