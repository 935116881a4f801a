import { MAX_PHRASE_CHARACTERS } from './limits.ts'

/**
 * Make a text fit for the status line: printable ASCII on one line.
 *
 * Parts of the text may come from the network (a repository's origin, a path); whatever they hold, the result
 * cannot end the line and so adds no header.
 */
export function toReasonPhrase(text: string): string {
  const line = text
    .replaceAll(/[^\x21-\x7e]+/g, (run) => (/^[\s\0]+$/.test(run) ? ' ' : '?'))
    .trim()
  return line.length <= MAX_PHRASE_CHARACTERS
    ? line
    : `${line.slice(0, MAX_PHRASE_CHARACTERS - 3)}...`
}
