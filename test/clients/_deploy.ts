/** Writes a Maven tree as deploys do: the artifacts first, what names them last. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The end of central directory of a ZIP file without entries: behind any bytes it makes a jar of them. */
export const EMPTY_ZIP: Buffer = Buffer.from('504b0506' + '00'.repeat(18), 'hex')

/** One build of a snapshot. */
export interface SnapshotBuild {
  /** `20261122.101500` */
  readonly timestamp: string
  /** From 1 on. */
  readonly number: number
}

/** A jar of its own for each text: an empty archive with a comment, which is text in its last bytes. */
export function jarOf(text: string): Buffer {
  const comment = Buffer.from(text)
  const head = Buffer.from(EMPTY_ZIP)
  head.writeUInt16LE(comment.length, head.length - 2)
  return Buffer.concat([head, comment])
}

/** Deploy a release, and the list of all releases with it in it. */
export function deployRelease(tree: string, artifact: string, versions: readonly string[]): void {
  const version = versions.at(-1) ?? ''
  writeJarAndPom(tree, { artifact, version, file: version })
  writeMetadata(
    join(tree, 'fresh', artifact),
    artifact,
    `<versioning><release>${version}</release><versions>${versions.map((one) => `<version>${one}</version>`).join('')}</versions><lastUpdated>20261122101500</lastUpdated></versioning>`,
  )
}

/** Deploy a build of a snapshot, with its timestamp in the names. */
export function deploySnapshot(
  tree: string,
  artifact: string,
  { timestamp, number }: SnapshotBuild,
): void {
  const version = '1.0-SNAPSHOT'
  const stamped = `1.0-${timestamp}-${String(number)}`
  writeJarAndPom(tree, { artifact, version, file: stamped })
  const updated = timestamp.replace('.', '')
  const files = ['jar', 'pom'].map(
    (extension) =>
      `<snapshotVersion><extension>${extension}</extension><value>${stamped}</value><updated>${updated}</updated></snapshotVersion>`,
  )
  const folder = join(tree, 'fresh', artifact)
  writeMetadata(
    join(folder, version),
    artifact,
    `<version>${version}</version><versioning><snapshot><timestamp>${timestamp}</timestamp><buildNumber>${String(number)}</buildNumber></snapshot><lastUpdated>${updated}</lastUpdated><snapshotVersions>${files.join('')}</snapshotVersions></versioning>`,
  )
  writeMetadata(
    folder,
    artifact,
    `<versioning><versions><version>${version}</version></versions><lastUpdated>${updated}</lastUpdated></versioning>`,
  )
}

function writeJarAndPom(
  tree: string,
  { artifact, version, file }: { artifact: string; version: string; file: string },
): void {
  const base = join(tree, 'fresh', artifact, version, `${artifact}-${file}`)
  writeWithSum(`${base}.jar`, jarOf(`${artifact} ${file}`))
  writeWithSum(
    `${base}.pom`,
    Buffer.from(
      `<project><modelVersion>4.0.0</modelVersion><groupId>fresh</groupId><artifactId>${artifact}</artifactId><version>${version}</version></project>`,
    ),
  )
}

function writeMetadata(folder: string, artifact: string, inner: string): void {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<metadata><groupId>fresh</groupId><artifactId>${artifact}</artifactId>${inner}</metadata>\n`
  writeWithSum(join(folder, 'maven-metadata.xml'), Buffer.from(xml))
}

function writeWithSum(file: string, bytes: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  for (const algorithm of ['sha1', 'md5'])
    writeFileSync(`${file}.${algorithm}`, createHash(algorithm).update(bytes).digest('hex'))
}
