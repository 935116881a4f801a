import { PassThrough, Writable } from 'node:stream'
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
