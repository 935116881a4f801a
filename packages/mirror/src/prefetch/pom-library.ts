import {
  formatCoordinates,
  formatId,
  InvalidPathError,
  InvalidPomError,
  isSnapshotVersion,
  MAX_XML_BYTES,
  parseMetadata,
  parsePath,
  parsePom,
  readEffectivePom,
} from '@jarswarm/maven'
import type {
  ClosureArtifact,
  EffectivePom,
  Metadata,
  Pom,
  PomId,
  ProjectId,
  RepositoryPath,
} from '@jarswarm/maven'
import type { Logger } from '@jarswarm/ports'
import { MAX_DOCUMENT_BYTES, MAX_REMEMBERED_DEPENDENCIES } from './limits.ts'
import { FILE_PRIORITY, POM_PRIORITY } from './file-bringer.ts'
import type { FileBringer } from './file-bringer.ts'
import { SizedMemo } from './sized-memo.ts'

interface Document<T> {
  readonly content: T
  readonly sizeBytes: number
}

export interface PomLibraryComponents {
  readonly files: FileBringer
  readonly logger: Logger
}

/** POMs and metadata by their coordinates, fetched when they are not here. Nothing here rejects. */
export class PomLibrary {
  readonly #components: PomLibraryComponents
  readonly #poms = new SizedMemo<Document<Pom>>(documents)
  readonly #metadata = new SizedMemo<Document<Metadata>>(documents)
  readonly #effective = new SizedMemo<EffectivePom>({
    maxSize: MAX_REMEMBERED_DEPENDENCIES,
    sizeOf: (pom) => (pom?.dependencies.length ?? 0) + 1,
  })

  constructor(components: PomLibraryComponents) {
    this.#components = components
  }

  /** Whether a POM was read as one that somebody depends on, not only as a parent or a BOM. */
  hasRead(id: PomId): boolean {
    return this.#effective.has(formatId(id))
  }

  /** A POM with all that it needs to be understood. */
  async read(id: PomId): Promise<EffectivePom | undefined> {
    return await this.#effective.get(formatId(id), () =>
      readEffectivePom(id, (wanted) => this.#pom(wanted)),
    )
  }

  /** The metadata of a project, or of a snapshot version of it. */
  async metadata({ group, artifact }: ProjectId, version?: string): Promise<Metadata | undefined> {
    const directory = [...group.split('.'), artifact, ...(version === undefined ? [] : [version])]
    const text = [...directory, 'maven-metadata.xml'].join('/')
    const document = await this.#metadata.get(text, async () =>
      this.#parse(toPath(text), parseMetadata),
    )
    return document?.content
  }

  /** Bring a file that is not a POM. Gives nothing: a walk of thousands must not hold their bytes until its end. */
  async bring(artifact: ClosureArtifact): Promise<void> {
    const path = await this.#pathOf(artifact)
    if (path !== undefined) await this.#components.files.bring(path, FILE_PRIORITY)
  }

  async #pom(id: PomId): Promise<Pom | undefined> {
    const document = await this.#poms.get(formatId(id), async () =>
      this.#parse(await this.#pathOf({ ...id, classifier: undefined, extension: 'pom' }), parsePom),
    )
    return document?.content
  }

  async #parse<T>(
    path: RepositoryPath | undefined,
    parse: (bytes: Uint8Array) => T,
  ): Promise<Document<T> | undefined> {
    if (path === undefined) return undefined
    try {
      const brought = await this.#components.files.bring(path, POM_PRIORITY)
      if (brought === undefined || brought.entry.sizeBytes > MAX_XML_BYTES) return undefined
      const bytes = brought.bytes ?? (await brought.source.read(brought.entry))
      return bytes === undefined
        ? undefined
        : { content: parse(bytes), sizeBytes: Math.max(1, bytes.length) }
    } catch (error) {
      const level = error instanceof InvalidPomError ? 'debug' : 'warn'
      this.#components.logger[level]({ path, error: String(error) }, 'POM not understood')
      return undefined
    }
  }

  /** Where a file lies; a snapshot's newest one is named by its metadata. */
  async #pathOf(artifact: ClosureArtifact): Promise<RepositoryPath | undefined> {
    const { version, classifier, extension } = artifact
    if (!isSnapshotVersion(version)) return toArtifactPath(artifact, undefined)
    const metadata = await this.metadata(artifact, version)
    const file = metadata?.snapshotFiles.find(
      (other) => other.classifier === classifier && other.extension === extension,
    )
    const base = version.replace(/SNAPSHOT$/, '')
    const timestamp = file?.version.startsWith(base) === true && file.version.slice(base.length)
    return toArtifactPath(artifact, timestamp === false ? metadata?.timestamp : timestamp)
  }
}

/** What the note of a document that could not be had takes, with its key. */
const NOTE_BYTES = 256

const documents = {
  maxSize: MAX_DOCUMENT_BYTES,
  sizeOf: (document: Document<unknown> | undefined) => document?.sizeBytes ?? NOTE_BYTES,
}

function toArtifactPath(
  artifact: ClosureArtifact,
  timestamp: string | undefined,
): RepositoryPath | undefined {
  // The coordinates come from a POM, and may be anything.
  return orUndefined(() => formatCoordinates({ ...artifact, timestamp }))
}

function toPath(text: string): RepositoryPath | undefined {
  return orUndefined(() => parsePath(text))
}

function orUndefined(make: () => RepositoryPath): RepositoryPath | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof InvalidPathError) return undefined
    throw error
  }
}
