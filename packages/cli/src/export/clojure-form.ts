import { parser } from '@nextjournal/lezer-clojure'

/** Longest file that is read; a project file has some kilobytes. */
const MAX_SOURCE_CHARS = 1_048_576

/** A form as it is written. Reader macros, numbers and code are `other`: nothing is evaluated. */
export type ClojureForm =
  | { readonly kind: 'symbol' | 'keyword' | 'string' | 'other'; readonly text: string }
  | { readonly kind: 'list' | 'vector' | 'map'; readonly items: readonly ClojureForm[] }

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

const SEQUENCES: ReadonlyMap<string, 'list' | 'vector' | 'map'> = new Map([
  ['List', 'list'],
  ['Vector', 'vector'],
  ['Map', 'map'],
])

/** The grammar has names of its own for the word that begins a list. */
const WORDS: ReadonlyMap<string, 'symbol' | 'keyword'> = new Map([
  ['Symbol', 'symbol'],
  ['Operator', 'symbol'],
  ['DefLike', 'symbol'],
  ['NS', 'symbol'],
  ['VarName', 'symbol'],
  ['Keyword', 'keyword'],
])
/** What a reader does not pass on. */
const SILENT: ReadonlySet<string> = new Set(['Discard', 'LineComment', 'Metadata'])

/**
 * Read the forms of Clojure or EDN text: `deps.edn`, `project.clj`.
 *
 * @throws {SyntaxError} when brackets do not match
 */
export function readClojure(text: string): readonly ClojureForm[] {
  if (text.length > MAX_SOURCE_CHARS) {
    throw new SyntaxError(`found ${String(text.length)} characters, wanted at most 1 MiB`)
  }
  const top = parser.parse(text).topNode
  refuseErrors(top, text)
  return formsBelow(top, text)
}

/** The values of a map, or of the keywords and values that end a list, by keyword. */
export function keywordValues(items: readonly ClojureForm[]): ReadonlyMap<string, ClojureForm> {
  const values = new Map<string, ClojureForm>()
  for (const [at, form] of items.entries()) {
    const value = items[at + 1]
    if (form.kind === 'keyword' && value !== undefined) values.set(form.text, value)
  }
  return values
}

function refuseErrors(top: SyntaxNode, text: string): void {
  for (const cursor = top.cursor(); ;) {
    if (cursor.type.isError) {
      const line = text.slice(0, cursor.from).split('\n').length
      throw new SyntaxError(`found what is no Clojure in line ${String(line)}`)
    }
    if (!cursor.next()) return
  }
}

function formsBelow(node: SyntaxNode, text: string): readonly ClojureForm[] {
  const forms: ClojureForm[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    const form = toForm(child, text)
    if (form !== undefined) forms.push(form)
  }
  return forms
}

function toForm(node: SyntaxNode, text: string): ClojureForm | undefined {
  const { name } = node
  const written = text.slice(node.from, node.to)
  const sequence = SEQUENCES.get(name)
  if (sequence !== undefined) return { kind: sequence, items: formsBelow(node, text) }
  // `^:dev [ring "1"]` is the vector.
  if (name === 'Meta') return formsBelow(node, text).at(-1)
  if (name === 'String') return { kind: 'string', text: unquoted(written) }
  const kind = WORDS.get(name)
  if (kind !== undefined) return { kind, text: written }
  return SILENT.has(name) || !/^[A-Z]/.test(name) ? undefined : { kind: 'other', text: written }
}

function unquoted(written: string): string {
  return written.slice(1, -1).replace(/\\(["\\])/g, '$1')
}
