// Writes lines in a process of its own, whose files may be limited, and says what became of them.
// Arguments: file, number of lines, text of each.
import { LineWriter } from '../src/line-writer.ts'

const [path = '', count, text = ''] = process.argv.slice(2)
const lines = new LineWriter(path)
try {
  for (let line = 0; line < Number(count); line += 1) lines.append(`${text}\n`)
  lines.close()
  process.stdout.write(`wrote ${String(lines.sizeBytes)} bytes`)
} catch (error) {
  const { code, path: failed } = error as NodeJS.ErrnoException
  process.stdout.write(`${String(code)} ${String(failed)}`)
}
