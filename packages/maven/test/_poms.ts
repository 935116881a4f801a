import assert from 'node:assert/strict'
import { formatId, parseMetadata, parsePom, readEffectivePom, walkClosure } from '../src/index.ts'
import type { ClosureArtifact, EffectivePom, Metadata, PomId } from '../src/index.ts'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const project = (body: string): string =>
  `<project><modelVersion>4.0.0</modelVersion>${body}</project>`
export const gav = (id: string): string => {
  const [group, artifact, version] = id.split(':')
  const written = version === undefined ? '' : `<version>${version}</version>`
  return `<groupId>${group ?? ''}</groupId><artifactId>${artifact ?? ''}</artifactId>${written}`
}
export const dependency = (id: string, more = ''): string =>
  `<dependency>${gav(id)}${more}</dependency>`
export const dependencies = (...list: readonly string[]): string =>
  `<dependencies>${list.join('')}</dependencies>`
export const managed = (...list: readonly string[]): string =>
  `<dependencyManagement>${dependencies(...list)}</dependencyManagement>`

/** Poms by `group:artifact:version`, and which of them were asked for. */
export class Repository {
  readonly asked: string[] = []
  /** Files whose poms were not to be had. */
  readonly unread: string[] = []
  readonly #poms: Readonly<Record<string, string>>
  readonly #versions: Readonly<Record<string, readonly string[]>>

  constructor(
    poms: Readonly<Record<string, string>>,
    versions: Readonly<Record<string, readonly string[]>> = {},
  ) {
    this.#poms = poms
    this.#versions = versions
  }

  read(id: string): Promise<EffectivePom | undefined> {
    return readEffectivePom(toId(id), (wanted) => {
      const key = formatId(wanted)
      this.asked.push(key)
      const body = this.#poms[key]
      return Promise.resolve(body === undefined ? undefined : parsePom(bytesOf(project(body))))
    })
  }

  /** Versions of the dependencies of a pom, by artifact. */
  async versionsOf(id: string): Promise<Record<string, string>> {
    const pom = await this.read(id)
    assert.ok(pom !== undefined)
    return Object.fromEntries(pom.dependencies.map(({ artifact, version }) => [artifact, version]))
  }

  async walk(id: string): Promise<readonly string[]> {
    const files: string[] = []
    const nameOf = ({ artifact, version, classifier, extension }: ClosureArtifact): string =>
      [artifact, version, ...(classifier ? [classifier] : [])].join('-') + `.${extension}`
    await walkClosure(toId(id), {
      read: (wanted) => this.read(formatId(wanted)),
      metadata: ({ group, artifact }) => {
        const versions = this.#versions[`${group}:${artifact}`]
        if (versions === undefined) return Promise.resolve(undefined)
        const list = versions.map((version) => `<version>${version}</version>`).join('')
        return Promise.resolve(metadataOf(`<versions>${list}</versions>`))
      },
      onArtifact: (artifact) => {
        files.push(nameOf(artifact))
      },
      onUnread: (artifact) => {
        this.unread.push(nameOf(artifact))
      },
    })
    return files.sort()
  }
}

export function toId(id: string): PomId {
  const [group = '', artifact = '', version = ''] = id.split(':')
  return { group, artifact, version }
}

export function metadataOf(versioning: string): Metadata {
  return parseMetadata(bytesOf(`<metadata><versioning>${versioning}</versioning></metadata>`))
}
