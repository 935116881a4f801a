const CLOSER: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
/**
 * Comments, strings and regular expressions, characters (`\(` and `\newline`), brackets, and whatever lies between.
 * A string that never ends matches as a lone quote.
 */
const TOKEN =
  /;[^\n]*|"(?:\\[\s\S]|[^"\\])*"|"|\\(?:[a-zA-Z0-9]+|[\s\S])|[()[\]{}]|[^\s;"\\()[\]{},]+/g
/** Whatever follows these belongs to them. */
const PREFIX = /(?:#_|#\?@?|['`~@^]|#')$/

/**
 * The bare words (symbols, keywords, numbers) of Clojure source, comments and strings left out.
 *
 * @returns undefined when a form or a string is not closed, or the text ends with a prefix that would swallow what
 *   is added
 */
export function clojureWords(text: string): ReadonlySet<string> | undefined {
  const words = new Set<string>()
  const open: string[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith(';')) continue
    last = token
    const closer = CLOSER[token]
    if (closer !== undefined) open.push(closer)
    else if (')]}'.includes(token)) {
      if (open.pop() !== token) return undefined
    } else if (token === '"') return undefined
    else words.add(token)
  }
  return open.length > 0 || PREFIX.test(last) ? undefined : words
}
