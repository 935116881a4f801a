import { MAX_TEXT_CHARS, MAX_PROPERTY_DEPTH } from '../limits.ts'

const REFERENCE = /\$\{([^${}]*)\}/g

/** Gives the raw value of a property; undefined when there is none. */
export type PropertyLookup = (name: string) => string | undefined

/**
 * Put properties in the place of their names, those within properties too.
 *
 * @returns undefined when a property is unknown or names itself, or the text grows beyond what a name can be
 */
export function interpolate(text: string, lookup: PropertyLookup): string | undefined {
  return text.includes('${') ? expand(text, lookup, []) : text
}

function expand(
  text: string,
  lookup: PropertyLookup,
  within: readonly string[],
): string | undefined {
  const parts: string[] = []
  let at = 0
  for (const match of text.matchAll(REFERENCE)) {
    const value = expandProperty(match[1] ?? '', lookup, within)
    if (value === undefined) return undefined
    parts.push(text.slice(at, match.index), value)
    at = match.index + match[0].length
  }
  const expanded = parts.join('') + text.slice(at)
  // The bound holds at each level, so that properties within properties cannot double their way up.
  return expanded.includes('${') || expanded.length > MAX_TEXT_CHARS ? undefined : expanded
}

function expandProperty(
  name: string,
  lookup: PropertyLookup,
  within: readonly string[],
): string | undefined {
  if (within.length >= MAX_PROPERTY_DEPTH || within.includes(name)) return undefined
  const value = lookup(name)
  return value?.includes('${') === true ? expand(value, lookup, [...within, name]) : value
}
