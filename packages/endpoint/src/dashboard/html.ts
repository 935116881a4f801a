import escapeHtml from 'escape-html'

/** Markup that is safe to send as it stands. Only `html` and `joinHtml` make it. */
export class SafeHtml {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Template tag: everything put in is escaped, except what `html` itself made. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (SafeHtml | string | number)[]
): SafeHtml {
  const text = parts.map((part, position) => part + escapeValue(values[position]))
  return new SafeHtml(text.join(''))
}

/** Pieces of markup one after another. */
export function joinHtml(pieces: readonly SafeHtml[]): SafeHtml {
  return new SafeHtml(pieces.map((piece) => piece.text).join('\n'))
}

function escapeValue(value: SafeHtml | string | number | undefined): string {
  if (value === undefined) return ''
  return value instanceof SafeHtml ? value.text : escapeHtml(String(value))
}
