import { XMLParser } from 'fast-xml-parser'
import { InvalidPomError } from '../errors.ts'
import { MAX_XML_BYTES, MAX_XML_DEPTH, MAX_XML_TAGS, MAX_TEXT_CHARS } from '../limits.ts'

/** An element: its children by name. Whoever reads it goes through the functions here. */
export type XmlElement = Readonly<Record<string, unknown>>

/**
 * Read a document whose root has a given name. No entity is ever expanded, and a document type is refused, so that
 * nothing outside of the bytes is read and nothing in them grows. Attackers hold the input.
 *
 * @throws {InvalidPomError}
 */
export function parseXml(bytes: Uint8Array, root: string): XmlElement {
  if (bytes.length > MAX_XML_BYTES) {
    throw new InvalidPomError(`${bytes.length} bytes, wanted at most ${MAX_XML_BYTES}`)
  }
  // Some old POMs are Latin-1; only names of people are spoilt by reading them as UTF-8.
  const text = new TextDecoder().decode(bytes)
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) {
    throw new InvalidPomError('a document type, wanted none')
  }
  checkTags(text)
  const element = childElement(parse(text), root)
  if (element === undefined) throw new InvalidPomError(`no <${root}> at the top`)
  return element
}

/** The trimmed text of the first child of a name; undefined when it is absent, empty or too long. */
export function childText(element: XmlElement, name: string): string | undefined {
  const [value] = valuesOf(element, name)
  const text = isElement(value) ? valuesOf(value, '#text')[0] : value
  if (typeof text !== 'string' || text.length > MAX_TEXT_CHARS) return undefined
  const trimmed = text.trim()
  return trimmed === '' ? undefined : trimmed
}

/** The first child of a name that has children itself. */
export function childElement(element: XmlElement, name: string): XmlElement | undefined {
  return childElements(element, name)[0]
}

/** All children of a name that have children themselves, in order. */
export function childElements(element: XmlElement, name: string): readonly XmlElement[] {
  return valuesOf(element, name).filter(isElement)
}

/** The texts of all children of a name, in order. */
export function childTexts(element: XmlElement, name: string): readonly string[] {
  return valuesOf(element, name).filter(
    (value) => typeof value === 'string' && value.length <= MAX_TEXT_CHARS,
  ) as string[]
}

function checkTags(text: string): void {
  let tags = 0
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) tags += 1
  if (tags > MAX_XML_TAGS) {
    throw new InvalidPomError(`${tags} tags, wanted at most ${MAX_XML_TAGS}`)
  }
}

function parse(text: string): XmlElement {
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    // It counts those around the one that it looks at.
    maxNestedTags: MAX_XML_DEPTH - 1,
  })
  try {
    const parsed: unknown = parser.parse(text)
    return isElement(parsed) ? parsed : {}
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    throw new InvalidPomError(found, { cause: error })
  }
}

function isElement(value: unknown): value is XmlElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Children of a name in order. Only own properties: the names are the document's. */
function valuesOf(element: XmlElement, name: string): readonly unknown[] {
  if (!Object.hasOwn(element, name)) return []
  const value = element[name]
  return Array.isArray(value) ? value : [value]
}
