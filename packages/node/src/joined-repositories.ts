import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CorruptFileError, openDocument, sealDocument, writeFileAtomically } from '@jarswarm/files'
import type { DocumentMembers } from '@jarswarm/files'
import { formatLink, MAX_LINK_PEERS, parseLink } from '@jarswarm/trust'
import type { SwarmLink } from '@jarswarm/trust'
import { errorCode } from './error-code.ts'
import { RepositoryNameTakenError } from './errors.ts'

const FILE_NAME = 'joined.json'
const FORMAT = 'jarswarm joined 1'

/** The swarm links of the repositories that a data directory follows, kept in `joined.json` there. */
export class JoinedRepositories {
  readonly #file: string
  readonly #links = new Map<string, SwarmLink>()
  readonly #reserved = new Set<string>()

  constructor(dataDir: string) {
    this.#file = join(dataDir, FILE_NAME)
  }

  /** @throws {CorruptFileError} when the file is there and is not what `add` writes */
  async load(): Promise<void> {
    this.#links.clear()
    for (const text of await readLinks(this.#file)) {
      const link = parseLink(text)
      this.#links.set(link.name, link)
    }
  }

  /** In the order of joining. */
  links(): readonly SwarmLink[] {
    return [...this.#links.values()]
  }

  /**
   * Follow one more repository, or learn new peers and origin of one that is followed. Durable once resolved.
   *
   * @throws {RepositoryNameTakenError} when another repository has the name
   */
  async add(link: SwarmLink): Promise<SwarmLink> {
    this.check(link)
    const known = this.#links.get(link.name)
    const merged = known === undefined ? link : merge(known, link)
    await this.#save(new Map(this.#links).set(link.name, merged))
    this.#links.set(link.name, merged)
    return merged
  }

  /**
   * Keep a name for a repository that is not joined.
   *
   * @throws {RepositoryNameTakenError} when one that is joined has it, or it is reserved already
   */
  reserve(name: string): void {
    const known = this.#links.get(name)
    if (known !== undefined) {
      throw new RepositoryNameTakenError(
        `Cannot proxy ${name}: repository ${known.id} was joined under that name; choose another one in --proxy`,
      )
    }
    if (this.#reserved.has(name)) {
      throw new RepositoryNameTakenError(`Cannot proxy ${name}: two proxies have that name`)
    }
    this.#reserved.add(name)
  }

  /** @throws {RepositoryNameTakenError} when `add` would refuse the link */
  check(link: SwarmLink): void {
    if (this.#reserved.has(link.name)) {
      throw new RepositoryNameTakenError(
        `Cannot join ${link.name}: a proxied repository has that name here; choose one with --as`,
      )
    }
    for (const known of this.#links.values()) {
      if (known.name === link.name && known.id !== link.id) {
        throw new RepositoryNameTakenError(
          `Cannot join ${link.name}: repository ${known.id} already has that name here, ` +
            `repository ${link.id} needs another one; choose one with --as`,
        )
      }
      if (known.id === link.id && known.name !== link.name) {
        throw new RepositoryNameTakenError(
          `Cannot join ${link.name}: repository ${known.id} is followed as ${known.name} already, ` +
            'and a repository has one name',
        )
      }
    }
  }

  #save(all: ReadonlyMap<string, SwarmLink>): Promise<void> {
    const links = [...all.values()].map((link) => formatLink(link))
    return writeFileAtomically(this.#file, sealDocument({ format: FORMAT, links }))
  }
}

/** The newer link wins where it says something; peers of both are kept, newest first, as many as a link carries. */
function merge(known: SwarmLink, link: SwarmLink): SwarmLink {
  return {
    ...known,
    origin: link.origin ?? known.origin,
    peers: [...new Set([...link.peers, ...known.peers])].slice(0, MAX_LINK_PEERS),
  }
}

async function readLinks(file: string): Promise<readonly string[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  const document = openDocument(text)
  if (document !== undefined && isJoinedFile(document)) return document.links
  throw new CorruptFileError(
    `Cannot read ${file}: it is damaged, a list of swarm links as written by "jarswarm start --join" is wanted; ` +
      'move it away and join again',
  )
}

function isJoinedFile(
  document: DocumentMembers,
): document is DocumentMembers & { readonly links: readonly string[] } {
  const { format, links } = document
  if (format !== FORMAT || !Array.isArray(links)) return false
  return links.every((link) => typeof link === 'string')
}
