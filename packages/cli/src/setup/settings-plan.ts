import { join } from 'node:path'
import { SetupRefusedError } from './errors.ts'
import { markBlock, removeBlocks, XML_COMMENT } from './marked-block.ts'
import { readSettingsXml } from './settings-xml.ts'
import type { SettingsXml } from './settings-xml.ts'
import type { SetupPlan, SetupTarget } from './setup-plan.ts'

const EMPTY = `<settings>\n</settings>\n`
/** In `<mirrorOf>`: everything, and everything that is not on this machine. */
const WILDCARDS = ['*', 'external:*', 'external:http:*']

/** Elements to put into one of the lists of a settings file. */
export interface SettingsAddition {
  /** `mirrors`, `profiles`, `activeProfiles`. */
  readonly list: string
  readonly elements: string
}

/** Put elements into the lists of `~/.m2/settings.xml`. */
export function planSettings(
  client: string,
  target: SetupTarget,
  plan: { readonly additions: readonly SettingsAddition[]; readonly notes: readonly string[] },
): SetupPlan {
  const { additions, notes } = plan
  const file = join(target.home, '.m2', 'settings.xml')
  const lists = additions.map((addition) => wholeList(addition)).join('\n')
  const snippet = `<settings>\n${lists}\n</settings>`
  const weave = (text: string): string => {
    const base = text.trim() === '' ? EMPTY : text
    const settings = readSettingsXml(base)
    if (settings === undefined)
      refuse(`Cannot change ${file}: it is no Maven settings file`, snippet)
    refuseOtherMirrors(settings, { target, file, client })
    const inserts = additions.map((addition) => {
      const offset = settings.endTags.get(`settings/${addition.list}`)
      if (offset === -1)
        refuse(`Cannot change ${file}: it has an empty <${addition.list}/>`, snippet)
      return offset === undefined
        ? { offset: settings.endTags.get('settings') ?? 0, text: wholeList(addition) }
        : { offset, text: addition.elements }
    })
    const woven = inserts
      .toSorted((one, other) => other.offset - one.offset)
      .reduce(
        (rest, { offset, text: added }) =>
          rest.slice(0, offset) + markBlock(XML_COMMENT, client, added) + rest.slice(offset),
        base,
      )
    // Maven reads no settings at all when they are not well-formed.
    if (readSettingsXml(woven) === undefined)
      refuse(`Cannot change ${file}: found no place for the addition`, snippet)
    return woven
  }
  const unweave = (text: string): string => {
    const rest = removeBlocks(XML_COMMENT, client, text)
    return rest === EMPTY ? '' : rest
  }
  return { file, snippet, weave, unweave, notes }
}

function wholeList({ list, elements }: SettingsAddition): string {
  return `<${list}>\n${elements}\n</${list}>`
}

/** Somebody sends this traffic elsewhere on purpose: a company's proxy, mostly. */
function refuseOtherMirrors(
  { mirrorOfs }: SettingsXml,
  { target, file, client }: { target: SetupTarget; file: string; client: string },
): void {
  const ours = new Set<string>([...WILDCARDS, ...target.replacements.map(({ as }) => as)])
  const other = mirrorOfs.find((mirrorOf) =>
    mirrorOf.split(',').some((one) => ours.has(one.trim())),
  )
  if (other === undefined) return
  throw new SetupRefusedError(
    `Cannot set up ${client}: ${file} has a mirror of ${other} already, and its traffic must not go another way; ` +
      'take that mirror out first if the node is to be used instead',
  )
}

function refuse(found: string, snippet: string): never {
  throw new SetupRefusedError(`${found}; put this in by hand:\n\n${snippet}`)
}
