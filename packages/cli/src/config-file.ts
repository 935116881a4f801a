import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './exit-code.ts'
import { settingKey } from './setting.ts'
import { UsageError } from './usage-error.ts'

const FILE_NAME = 'config.json'

export interface ConfigFile {
  readonly file: string
  /** Empty when there is no file. */
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * Read `config.json` of a data directory.
 *
 * @param flags long flags whose keys may stand in it
 * @throws {UsageError} when it is no JSON object, or has a key that is none of these
 */
export async function readConfigFile(
  dataDir: string,
  flags: readonly string[],
): Promise<ConfigFile> {
  const file = join(dataDir, FILE_NAME)
  const values = parseConfig(file, await readIfThere(file))
  const known = flags.map((flag) => settingKey(flag))
  const strange = Object.keys(values).find((key) => !known.includes(key))
  if (strange === undefined) return { file, values }
  throw new UsageError(
    `Cannot use ${JSON.stringify(strange)} in ${file}: one of ${known.join(', ')} is wanted`,
  )
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return '{}'
    throw error
  }
}

function parseConfig(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    throw new UsageError(`Cannot read ${file}: ${found}, a JSON object is wanted`, { cause: error })
  }
  throw new UsageError(
    `Cannot read ${file}: found ${text.trim().slice(0, 40)}, a JSON object such as {"quota": "20G"} is wanted`,
  )
}
