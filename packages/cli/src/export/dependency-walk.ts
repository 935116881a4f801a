import {
  formatCoordinates,
  formatId,
  MAX_XML_BYTES,
  parseMetadata,
  parsePom,
  readEffectivePom,
  walkClosure,
} from '@jarswarm/maven'
import type {
  ClosureArtifact,
  Dependency,
  EffectivePom,
  Metadata,
  Pom,
  PomId,
  ProjectId,
} from '@jarswarm/maven'
import type { NodeControl } from '@jarswarm/node'
import PQueue from 'p-queue'
import { codeOf } from '../exit-code.ts'

/** Files asked of the node at a time. */
const READ_AT_ONCE = 8
/** A node has patience with each file; once one could not be had in spite of it, the next are not waited for as long. */
const HURRIED_MS = 3_000

/**
 * Reads POMs through the node, and follows their dependencies as the prefetch does: near to what clients do, but their
 * own resolution is what counts.
 */
export class DependencyWalk {
  readonly #node: NodeControl
  readonly #signal: AbortSignal
  readonly #queue = new PQueue({ concurrency: READ_AT_ONCE })
  readonly #read = new Map<string, { readonly id: PomId; readonly pom: Promise<Pom | undefined> }>()
  readonly #unread = new Set<string>()
  readonly #hurriedMs: number
  #isHurried = false
  #own: { readonly id: PomId; readonly pom: Pom } | undefined

  /** @param init.hurriedMs how long to wait for a file when the one before could not be had */
  constructor(node: NodeControl, signal: AbortSignal, init: { readonly hurriedMs?: number } = {}) {
    this.#node = node
    this.#signal = signal
    this.#hurriedMs = init.hurriedMs ?? HURRIED_MS
  }

  /** Read the POMs of artifacts, and what these need to be understood: parents and imported BOMs. */
  async readPoms(artifacts: readonly ClosureArtifact[]): Promise<void> {
    await Promise.all(artifacts.map((artifact) => readEffectivePom(idOf(artifact), this.#load)))
  }

  /** What a POM that is in no repository depends on. */
  async dependenciesOf(id: PomId, pom: Pom): Promise<readonly Dependency[]> {
    this.#own = { id, pom }
    const effective = await readEffectivePom(id, this.#load)
    return effective?.dependencies ?? []
  }

  /** The files of all dependencies and of what they depend on, in the versions that are nearest. */
  async walk(
    root: PomId,
    dependencies: readonly Dependency[],
  ): Promise<readonly ClosureArtifact[]> {
    const top: EffectivePom = { id: root, packaging: 'jar', relocation: undefined, dependencies }
    const found: ClosureArtifact[] = []
    const onArtifact = (artifact: ClosureArtifact): void => {
      if (formatId(artifact) !== formatId(root)) found.push(artifact)
    }
    await walkClosure(root, {
      read: (id) =>
        formatId(id) === formatId(root) ? Promise.resolve(top) : readEffectivePom(id, this.#load),
      metadata: (project) => this.#metadata(project),
      onArtifact,
      // Its POM may be the one that was withdrawn.
      onUnread: onArtifact,
    })
    return found
  }

  /** All POMs that were asked for, those among them that could not be had too. */
  poms(): readonly PomId[] {
    return [...this.#read.values()].map(({ id }) => id)
  }

  remarks(): readonly string[] {
    return [...this.#unread].map(
      (path) => `${path} could not be read: what it depends on is not known`,
    )
  }

  readonly #load = (id: PomId): Promise<Pom | undefined> => {
    const own = this.#own
    if (own !== undefined && formatId(own.id) === formatId(id)) return Promise.resolve(own.pom)
    const key = formatId(id)
    const known = this.#read.get(key)
    if (known !== undefined) return known.pom
    const pom = this.#queue.add(() => this.#readPom(id))
    this.#read.set(key, { id, pom })
    return pom
  }

  async #readPom(id: PomId): Promise<Pom | undefined> {
    let path: string = formatId(id)
    try {
      const file = { ...id, timestamp: undefined, classifier: undefined, extension: 'pom' }
      path = formatCoordinates(file)
      const bytes = await this.#bytes(path)
      if (bytes !== undefined) return parsePom(bytes)
    } catch {
      // The coordinates or the bytes are somebody's: what cannot be understood is named, and left out.
      this.#signal.throwIfAborted()
    }
    this.#unread.add(path)
    return undefined
  }

  async #metadata({ group, artifact }: ProjectId): Promise<Metadata | undefined> {
    const path = [...group.split('.'), artifact, 'maven-metadata.xml'].join('/')
    try {
      const bytes = await this.#bytes(path)
      if (bytes !== undefined) return parseMetadata(bytes)
    } catch {
      this.#signal.throwIfAborted()
    }
    this.#unread.add(path)
    return undefined
  }

  /** From the repository that names it, else from a proxied one: what is read there says only what to look up. */
  async #bytes(path: string): Promise<Uint8Array | undefined> {
    const options = { signal: this.#signal }
    const [finding] = await this.#node.lookUp([path], options)
    const signed = finding?.indexed.map(({ repository }) => repository) ?? []
    const { proxied = [] } = await this.#node.status(options)
    for (const repository of [...signed, ...proxied.map(({ name }) => name)]) {
      const bytes = await this.#get(`${repository}/${path}`)
      if (bytes !== undefined) return bytes
    }
    return undefined
  }

  async #get(address: string): Promise<Uint8Array | undefined> {
    const timeout = this.#isHurried ? [AbortSignal.timeout(this.#hurriedMs)] : []
    const signal = AbortSignal.any([this.#signal, ...timeout])
    try {
      const artifact = await this.#node.get(address, { signal })
      try {
        if (artifact.sizeBytes > MAX_XML_BYTES) return undefined
        const chunks: Uint8Array[] = []
        for await (const chunk of artifact.bytes) chunks.push(chunk)
        this.#isHurried = false
        return Buffer.concat(chunks)
      } finally {
        artifact.release()
      }
    } catch (error) {
      // It may lie in the next one; a file that none has is named in the end.
      this.#signal.throwIfAborted()
      if (codeOf(error) !== 'ERR_NOT_FOUND') this.#isHurried = true
      return undefined
    }
  }
}

function idOf({ group, artifact, version }: ClosureArtifact): PomId {
  return { group, artifact, version }
}
