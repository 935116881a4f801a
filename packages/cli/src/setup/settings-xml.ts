import { SaxesParser } from 'saxes'

/** What has to be known of a Maven settings file to change its text. */
export interface SettingsXml {
  /** Offset of the end tag by the element's path: `settings`, `settings/mirrors`. */
  readonly endTags: ReadonlyMap<string, number>
  /** Content of every `<mirrorOf>`, as it stands. */
  readonly mirrorOfs: readonly string[]
}

/**
 * Find the places of a settings file where something can be put in.
 *
 * @returns undefined when it is no well-formed XML document, or not one of `<settings>`
 */
export function readSettingsXml(text: string): SettingsXml | undefined {
  const endTags = new Map<string, number>()
  const mirrorOfs: string[] = []
  const path: string[] = []
  const faults: Error[] = []
  let content = ''
  const parser = new SaxesParser()
  parser.on('error', (fault) => {
    faults.push(fault)
  })
  parser.on('opentag', ({ name }) => {
    path.push(name)
    content = ''
  })
  parser.on('text', (piece) => {
    content += piece
  })
  parser.on('closetag', ({ isSelfClosing }) => {
    const at = path.join('/')
    if (!isSelfClosing) endTags.set(at, text.lastIndexOf('</', parser.position - 1))
    if (at === 'settings/mirrors/mirror/mirrorOf') mirrorOfs.push(content.trim())
    // An empty element has no place for anything, and a second one beside it is not allowed.
    if (isSelfClosing && path.length === 2) endTags.set(at, -1)
    path.pop()
  })
  try {
    parser.write(text).close()
  } catch {
    // Some faults are thrown and some reported; both mean the same.
    return undefined
  }
  return faults.length > 0 || (endTags.get('settings') ?? -1) < 0
    ? undefined
    : { endTags, mirrorOfs }
}
