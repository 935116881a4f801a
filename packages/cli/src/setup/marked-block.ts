/** How comments are written in a kind of file. */
export interface CommentStyle {
  readonly open: string
  readonly close: string
}

export const CLOJURE_COMMENT: CommentStyle = { open: ';; ', close: '' }
export const XML_COMMENT: CommentStyle = { open: '<!-- ', close: ' -->' }

/** Text between two marks, by which it is found again. Begins and ends with a line break of its own. */
export function markBlock(style: CommentStyle, client: string, body: string): string {
  const { begin, end } = marks(style, client)
  return `\n${begin}\n${body.trimEnd()}\n${end}\n`
}

/** Take every marked block of a client out, with the line breaks that came with it. */
export function removeBlocks(style: CommentStyle, client: string, text: string): string {
  const { begin, end } = marks(style, client)
  let rest = text
  for (;;) {
    const from = rest.indexOf(begin)
    const to = from < 0 ? -1 : rest.indexOf(end, from)
    if (to < 0) return rest
    const start = rest[from - 1] === '\n' ? from - 1 : from
    const stop = to + end.length
    rest = rest.slice(0, start) + rest.slice(rest[stop] === '\n' ? stop + 1 : stop)
  }
}

function marks({ open, close }: CommentStyle, client: string): { begin: string; end: string } {
  return {
    // No two dashes in a row, which end a comment of XML.
    begin: `${open}begin of jarswarm setup ${client} (its undo option takes this out)${close}`,
    end: `${open}end of jarswarm setup ${client}${close}`,
  }
}
