import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CorruptFileError, openDocument, sealDocument, writeFileAtomically } from '@jarswarm/files'
import { isDigest, isReason } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { isPath } from '@jarswarm/maven'
import type { Clock } from '@jarswarm/ports'
import { errorCode } from '../error-code.ts'
import { MAX_DENIALS } from '../limits/limits.ts'

const FILE_NAME = 'deny.json'
const FORMAT = 'jarswarm deny 1'

/** What the user of a node wants nobody to get from it. */
export interface Denial {
  /** A repository path, of whatever repository, or a SHA-256. */
  readonly what: string
  /** Visible ASCII and single spaces, at most 200 bytes, as it stands in the answer; null when none was given. */
  readonly reason: string | null
  /** When it was put on the list, ISO 8601. */
  readonly since: string
}

/** A change of the list. */
export interface DenyChange {
  readonly add?: { readonly what: string; readonly reason: string | null } | undefined
  readonly remove?: string | undefined
}

/** The deny list of a data directory, in `deny.json` there. */
export class DenyList {
  readonly #file: string
  readonly #clock: Clock
  #denials: ReadonlyMap<string, Denial> = new Map()

  constructor(components: { readonly clock: Clock }, init: { readonly dataDir: string }) {
    this.#clock = components.clock
    this.#file = join(init.dataDir, FILE_NAME)
  }

  /** In the order in which they were added. */
  get all(): readonly Denial[] {
    return [...this.#denials.values()]
  }

  /** @throws {CorruptFileError} when the file is there and is not what `change` writes */
  async load(): Promise<void> {
    const denials = await readDenials(this.#file)
    this.#denials = new Map(denials.map((one) => [one.what, one]))
  }

  find(what: string): Denial | undefined {
    return this.#denials.get(what)
  }

  /**
   * Durable, and in force, once it resolves.
   *
   * @returns whether there was anything to change
   * @throws {TypeError | RangeError} when it is no path and no SHA-256, or the list is full
   */
  async change({ add, remove }: DenyChange): Promise<boolean> {
    const next = new Map(this.#denials)
    if (remove !== undefined) next.delete(remove)
    if (add !== undefined) {
      checkDenial(add)
      const { what, reason } = add
      next.set(what, { what, reason, since: new Date(this.#clock.now()).toISOString() })
    }
    if (next.size > MAX_DENIALS) {
      throw new RangeError(`Cannot deny more: found ${String(MAX_DENIALS)} on the list`)
    }
    if (add === undefined && next.size === this.#denials.size) return false
    const document = { format: FORMAT, denied: [...next.values()] }
    await writeFileAtomically(this.#file, sealDocument(document))
    this.#denials = next
    return true
  }
}

/** Whether a text is a SHA-256 and no path: a file of such a name has no directory. */
export function isDeniedDigest(what: string): what is Digest {
  return isDigest(what)
}

function checkDenial({ what, reason }: NonNullable<DenyChange['add']>): void {
  if (!isDigest(what) && !isPath(what)) {
    throw new TypeError(
      `Cannot deny ${JSON.stringify(what)}: a repository path or a SHA-256 is wanted`,
    )
  }
  if (reason !== null && !isReason(reason)) {
    throw new TypeError(
      `Cannot deny ${what} for the reason ${JSON.stringify(reason)}: up to 200 visible ASCII characters and single spaces are wanted`,
    )
  }
}

async function readDenials(file: string): Promise<readonly Denial[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  const denials = parseDenials(text)
  if (denials !== undefined) return denials
  throw new CorruptFileError(
    `Cannot read ${file}: found something else than ${FORMAT}, wanted the list that "jarswarm deny" writes; move it away, and deny again what is to be denied`,
  )
}

function parseDenials(text: string): readonly Denial[] | undefined {
  const { format, denied } = openDocument(text) ?? {}
  if (format !== FORMAT || !Array.isArray(denied) || !denied.every(isDenial)) return undefined
  return denied
}

function isDenial(value: unknown): value is Denial {
  if (typeof value !== 'object' || value === null) return false
  const { what, reason, since } = value as Readonly<Record<string, unknown>>
  const isReasonOrNone = reason === null || (typeof reason === 'string' && isReason(reason))
  return (
    typeof what === 'string' &&
    (isDigest(what) || isPath(what)) &&
    isReasonOrNone &&
    typeof since === 'string'
  )
}
