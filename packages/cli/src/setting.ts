import { UsageError } from './usage-error.ts'

/** One option, in all three places where it may stand. */
export interface Setting<T> {
  /** Long flag without the dashes, `allow-host`. Key in `config.json` and in commander: `allowHost`. */
  readonly flag: string
  /** Whether it may be given several times; each value is parsed alone. */
  readonly repeated: boolean
  /** What is wanted, for messages: "a size such as 500M or 20G". */
  readonly wanted: string
  /** The value of one text, or undefined when it is not what is wanted. */
  readonly parse: (text: string) => T | undefined
}

/** What was said of the settings, the strongest source first. */
export interface SettingSources {
  /** Flags as commander gathered them: texts, lists of texts, or booleans. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Content of the config file, and its name for messages. */
  readonly config: Readonly<Record<string, unknown>>
  readonly configFile: string
}

interface Said {
  readonly texts: readonly string[]
  /** Where it was said, for messages: `--quota`. */
  readonly where: string
}

/** `allow-host` as a key of `config.json` and of commander. */
export function settingKey(flag: string): string {
  return flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** `allow-host` as a variable of the environment. */
export function settingVariable(flag: string): string {
  return `JARSWARM_${flag.toUpperCase().replaceAll('-', '_')}`
}

/**
 * The values of a setting from the strongest source that says anything: flag, environment, config file.
 *
 * @returns undefined when none does
 * @throws {UsageError} when it says something that is not wanted
 */
export function readSetting<T>(
  setting: Setting<T>,
  sources: SettingSources,
): readonly T[] | undefined {
  const said = findSaid(setting, sources)
  return said?.texts.map((text) => {
    const value = setting.parse(text)
    if (value !== undefined) return value
    throw new UsageError(
      `Cannot use ${said.where} ${JSON.stringify(text)}: ${setting.wanted} is wanted`,
    )
  })
}

/** As `readSetting`, for one that is not repeated. */
export function readOne<T>(setting: Setting<T>, sources: SettingSources): T | undefined {
  return readSetting(setting, sources)?.[0]
}

function findSaid(setting: Setting<unknown>, sources: SettingSources): Said | undefined {
  const key = settingKey(setting.flag)
  const flag = sources.flags[key]
  if (flag !== undefined) return { texts: toTexts(flag) ?? [], where: `--${setting.flag}` }
  const variable = settingVariable(setting.flag)
  const text = sources.env[variable]
  if (text !== undefined && text !== '') {
    return { texts: setting.repeated ? text.trim().split(/\s+/) : [text], where: variable }
  }
  if (!Object.hasOwn(sources.config, key)) return undefined
  const where = `"${key}" in ${sources.configFile}`
  const texts = toTexts(sources.config[key])
  if (texts !== undefined && (setting.repeated || texts.length === 1)) return { texts, where }
  throw new UsageError(
    `Cannot use ${where}: found ${JSON.stringify(sources.config[key])}, ` +
      `${setting.repeated ? 'a list, each of it ' : ''}${setting.wanted} is wanted`,
  )
}

/** A text, number or boolean, or a list of such, as texts; undefined when it is anything else. */
function toTexts(value: unknown): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = values.map((one) => (isPlain(one) ? String(one) : undefined))
  return texts.every((text) => text !== undefined) ? texts : undefined
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
