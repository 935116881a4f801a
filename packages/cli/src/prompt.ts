import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Whether there is somebody who can be asked. */
export function canAsk(terminal: Terminal): boolean {
  return terminal.in.isTTY === true && terminal.err.isTTY === true
}

/**
 * Ask a question on standard error, and read one line.
 *
 * @param options.hidden whether what is typed stays unseen
 * @throws {UsageError} when the input ends without an answer
 * @throws the signal's reason
 */
export async function ask(
  terminal: Terminal,
  question: string,
  options: { readonly hidden?: boolean } = {},
): Promise<string> {
  terminal.err.write(question)
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done()
    },
  })
  const lines = createInterface({
    input: terminal.in,
    // Readline echoes what is typed to its output.
    output: options.hidden === true ? nowhere : terminal.err,
    terminal: terminal.in.isTTY === true,
  })
  // While readline reads keys itself, Ctrl-C is one of them.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('close', () => {
        reject(
          new UsageError(
            `Cannot go on: the input ended, an answer to "${question.trim()}" is wanted`,
          ),
        )
      })
      terminal.signal.addEventListener('abort', () => {
        reject(terminal.signal.reason as Error)
      })
    })
  } finally {
    lines.close()
    if (options.hidden === true) terminal.err.write('\n')
  }
}
