import { isCutShort, isTorn } from './_rot-damage.ts'

/** Why nothing comes of damage in some files, by their names. Damage in any other that changes nothing is a violation: it was not noticed. */
const HARMLESS: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)LOG(\.old)?$/, 'what LevelDB says of what it did; nobody reads it'],
  [
    /^tree\/\.jarswarm\/(blobs|log\/tile|objects|packs)\//,
    'only a head before the newest needs it; who reads it compares it with its digest',
  ],
]

/** @returns undefined when this damage of a file may not pass unnoticed */
export function reasonWhyHarmless(
  file: string,
  { sound, damaged }: { readonly sound: Buffer; readonly damaged: Buffer },
): string | undefined {
  const [was, is] = [sound.toString('latin1'), damaged.toString('latin1')]
  if (was.trimEnd() === is.trimEnd()) return 'white space at the end'
  // The database of peers is not emptied into tables when it is closed: who was a peer is found out again.
  const isCut = isCutShort(sound, damaged) || isTorn(sound, damaged)
  if (/^peer\/peers\/\d+\.log$/.test(file) && isCut) return 'cut as by a crash'
  return HARMLESS.find(([pattern]) => pattern.test(file))?.[1]
}
