import { MAX_PATH_BYTES } from '@jarswarm/maven'

/** Room for a path and what may stand around it; a longer line names none, and is cut where that shows. */
const MAX_LINE_CHARS = MAX_PATH_BYTES + 64

/** The lines of a list of paths, however long it is and whatever it holds. */
export async function* readPathLines(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const chunk of bytes) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n')
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS)
    yield* lines
  }
  if (rest !== '') yield rest
}
