/** Where a command writes: its result to `out`, everything else to `err`. What it asks people is answered on `in`. */
export interface Terminal {
  readonly in: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly env: NodeJS.ProcessEnv
  /** Ends when the user asks the command to stop. */
  readonly signal: AbortSignal
}

/** A line for people, on standard output. */
export function say(terminal: Terminal, line: string): void {
  terminal.out.write(`${line}\n`)
}

/** One JSON document on one line, for programs. */
export function sayJson(terminal: Terminal, document: unknown): void {
  terminal.out.write(`${JSON.stringify(document)}\n`)
}

/** A remark that is no result, on standard error. */
export function remark(terminal: Terminal, line: string): void {
  terminal.err.write(`${line}\n`)
}

/** A text that somebody else chose, such as the name of a file, without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
  })
}
