import { isPath, sidecarOf } from '@jarswarm/maven'
import type { Denial, IndexSlice, NodeControl } from '@jarswarm/node'
import { printable, remark } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

/** Files of a directory that are denied in one go: each is put on the list by itself. */
const MAX_DENIED_AT_ONCE = 500

/** What somebody means to deny, as it stands on the list. */
interface DeniedFiles {
  readonly what: readonly string[]
  /** Why it may not be what was meant. */
  readonly remarks: readonly string[]
}

/**
 * Read what somebody wants to deny or to give out again: a SHA-256, a path, a path behind the name of a followed
 * repository, or a checksum file, which goes with its file.
 *
 * @param names of followed repositories
 * @returns what it may mean, the likeliest first
 * @throws {UsageError} when it can be neither path nor SHA-256
 */
export function readDenied(text: string, names: readonly string[]): readonly string[] {
  if (/^[0-9a-f]+$/i.test(text)) {
    if (text.length === 64) return [text.toLowerCase()]
    throw new UsageError(
      `Cannot deny ${text}: found ${String(text.length)} hexadecimal digits, a SHA-256 has 64`,
    )
  }
  const name = names.find((one) => text.startsWith(`${one}/`) && text.length > one.length + 1)
  const meant = [...(name === undefined ? [] : [text.slice(name.length + 1)]), text]
  if (text.endsWith('/') && isPath(text.slice(0, -1))) return meant
  if (!isPath(text)) {
    throw new UsageError(`Cannot deny ${JSON.stringify(text)}: a path or a SHA-256 is wanted`)
  }
  return meant.filter(isPath).map((path) => sidecarOf(path)?.artifact ?? path)
}

/** Put what somebody wants to deny on the list, and say what may be wrong. Throws as `readDenied`. */
export async function deny(
  node: NodeControl,
  { what: text, reason }: Pick<Denial, 'what' | 'reason'>,
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal
  const { what, remarks } = await findDenied(node, text, signal)
  for (const one of what) await node.denials({ add: { what: one, reason } }, { signal })
  for (const line of remarks) remark(terminal, printable(line))
}

/**
 * Take something off the list; a directory with all that is below it. Throws as `readDenied`.
 *
 * @returns false when it was not there
 */
export async function allow(
  node: NodeControl,
  text: string,
  { signal }: Terminal,
): Promise<boolean> {
  const meant = readDenied(text, await namesOf(node, signal))
  const denied = (await node.denials({}, { signal })).map(({ what }) => what)
  for (const one of [text, ...meant]) {
    const found = denied.filter(
      (what) => what === one || (one.endsWith('/') && what.startsWith(one)),
    )
    for (const remove of found) await node.denials({ remove }, { signal })
    if (found.length > 0) return true
  }
  return false
}

async function findDenied(
  node: NodeControl,
  text: string,
  signal: AbortSignal,
): Promise<DeniedFiles> {
  const meant = readDenied(text, await namesOf(node, signal))
  const [likeliest = text] = meant
  if (/^[0-9a-f]{64}$/.test(likeliest)) return { what: [likeliest], remarks: [] }
  if (text.endsWith('/')) return await findBelow(node, meant, signal)
  const findings = await node.lookUp(meant, { signal })
  const named = findings.find(({ indexed, withdrawn }) => indexed.length + withdrawn.length > 0)
  const path = named?.path ?? likeliest
  const remarks = [
    ...(path === text ? [] : [`denied is ${path}, whatever repository it is of`]),
    ...(named === undefined ? [`no followed index names ${path}`] : []),
  ]
  return { what: [path], remarks }
}

async function findBelow(
  node: NodeControl,
  directories: readonly string[],
  signal: AbortSignal,
): Promise<DeniedFiles> {
  const repositories = (await node.repositories({ signal })).map(({ name }) => name)
  for (const directory of directories) {
    const found = new Set<string>()
    for (const repository of repositories) {
      for await (const path of pathsBelow(node, { repository, directory }, signal)) {
        found.add(path)
        if (found.size <= MAX_DENIED_AT_ONCE) continue
        throw new UsageError(
          `Cannot deny ${directory}: found more than ${String(MAX_DENIED_AT_ONCE)} files below it`,
        )
      }
    }
    if (found.size === 0) continue
    const remarks = [`files that come below ${directory} later are not denied`]
    return { what: [...found].toSorted(), remarks }
  }
  throw new UsageError(
    `Cannot deny ${directories.join(' or ')}: no followed index names a file there`,
  )
}

async function* pathsBelow(
  node: NodeControl,
  { repository, directory }: { readonly repository: string; readonly directory: string },
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  for (let after: string | null = directory; after !== null;) {
    const slice: IndexSlice = await node.readIndex({ repository, after }, { signal })
    for (const { path } of slice.entries) {
      if (!path.startsWith(directory)) return
      yield path
    }
    after = slice.next
  }
}

async function namesOf(node: NodeControl, signal: AbortSignal): Promise<readonly string[]> {
  const { repositories, proxied = [] } = await node.status({ signal })
  return [...repositories, ...proxied].map(({ name }) => name)
}
