import { PassThrough, Writable } from 'node:stream'
import { exitCodeOf } from '../src/exit-code.ts'
import { createProgram } from '../src/program.ts'
import type { Terminal } from '../src/terminal.ts'

/** A terminal that keeps what is written to it. */
export interface KeptTerminal extends Terminal {
  /** What was written to standard output since it was asked last. */
  readonly said: () => string
  /** The same of standard error. */
  readonly remarked: () => string
}

/** @param isTTY whether a person seems to read standard error */
export function keptTerminal({ isTTY = false }: { readonly isTTY?: boolean } = {}): KeptTerminal {
  const [out, err] = [keptStream(), keptStream()]
  return {
    in: new PassThrough(),
    out: out.stream,
    err: Object.assign(err.stream, { isTTY, columns: 200 }),
    env: {},
    signal: new AbortController().signal,
    said: out.take,
    remarked: err.take,
  }
}

/** `take` gives what was written since it was asked last. */
function keptStream(): { readonly stream: Writable; readonly take: () => string } {
  let text = ''
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: unknown, _encoding, done) => {
      text += String(chunk)
      done()
    },
  })
  const take = (): string => {
    const taken = text
    text = ''
    return taken
  }
  return { stream, take }
}

/**
 * Run a command in this process, which takes no second.
 *
 * @returns the exit code, and what it said or the message of its error
 */
export async function runHere(args: readonly string[]): Promise<readonly [number, string]> {
  const terminal = keptTerminal()
  let exitCode = 0
  const program = createProgram(terminal, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return [exitCode, terminal.said()]
  } catch (error) {
    return [exitCodeOf(error), (error as Error).message]
  }
}
