import { childElement, childElements, childText, childTexts, parseXml } from './xml.ts'
import type { XmlElement } from './xml.ts'
import { MAX_VERSIONS, MAX_SNAPSHOT_FILES } from '../limits.ts'

/** The newest file of a snapshot with a classifier and an extension. */
export interface SnapshotFile {
  readonly classifier: string | undefined
  readonly extension: string
  /** `1.2-20240102.030405-7` */
  readonly version: string
}

/** What a maven-metadata.xml says, of a project or of one snapshot version. */
export interface Metadata {
  readonly versions: readonly string[]
  readonly latest: string | undefined
  readonly release: string | undefined
  /** `20240102.030405-7`; undefined in the metadata of a project. */
  readonly timestamp: string | undefined
  readonly snapshotFiles: readonly SnapshotFile[]
}

/**
 * Read a maven-metadata.xml. Attackers hold the input.
 *
 * @throws {InvalidPomError} and nothing else
 */
export function parseMetadata(bytes: Uint8Array): Metadata {
  const versioning = childElement(parseXml(bytes, 'metadata'), 'versioning') ?? {}
  const versions = childElement(versioning, 'versions') ?? {}
  const files = childElement(versioning, 'snapshotVersions') ?? {}
  return {
    versions: childTexts(versions, 'version').slice(-MAX_VERSIONS),
    latest: childText(versioning, 'latest'),
    release: childText(versioning, 'release'),
    timestamp: parseTimestamp(versioning),
    snapshotFiles: childElements(files, 'snapshotVersion')
      .slice(0, MAX_SNAPSHOT_FILES)
      .map(parseSnapshotFile)
      .filter((file) => file !== undefined),
  }
}

function parseTimestamp(versioning: XmlElement): string | undefined {
  const snapshot = childElement(versioning, 'snapshot') ?? {}
  const timestamp = childText(snapshot, 'timestamp')
  const build = childText(snapshot, 'buildNumber')
  return timestamp === undefined || build === undefined ? undefined : `${timestamp}-${build}`
}

function parseSnapshotFile(element: XmlElement): SnapshotFile | undefined {
  const extension = childText(element, 'extension')
  const version = childText(element, 'value')
  if (extension === undefined || version === undefined) return undefined
  return { classifier: childText(element, 'classifier'), extension, version }
}
