import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 65_536
const NEWLINE = 0x0a

/** Read a text file line by line, and hold little of it. A last line without its end counts too. */
export function* readLines(path: string): Generator<string, void, undefined> {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    // Bytes at the beginning of the buffer, of a line whose end was not read yet.
    let held = 0
    for (;;) {
      const read = readSync(file, buffer, held, buffer.length - held, null)
      if (read === 0) break
      const end = held + read
      const stop = buffer.subarray(0, end).lastIndexOf(NEWLINE)
      if (stop === -1) {
        held = end
        if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2)
        continue
      }
      const lines = buffer.toString('utf8', 0, stop).split('\n')
      buffer.copyWithin(0, stop + 1, end)
      held = end - stop - 1
      yield* lines
    }
    if (held > 0) yield buffer.toString('utf8', 0, held)
  } finally {
    closeSync(file)
  }
}
