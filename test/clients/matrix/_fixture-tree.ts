/**
 * A small Maven repository with everything in it that clients and servers stumble over: a parent, a chain of
 * dependencies, names that need escaping, a folder that looks like a file, a classifier, a snapshot, a large jar.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { coordinate, fileOf, folderOf } from './_coordinate.ts'
import type { Coordinate } from './_coordinate.ts'

const KILOBYTE = 1_000
const MEGABYTE = 1_000_000

interface Project {
  readonly of: Coordinate
  readonly jarBytes: number
  readonly needs?: readonly Coordinate[]
}

const PARENT = coordinate('org.example:parent:1')
/** The middle of the chain: the file that most faults are about. Below the size that goes by pieces. */
export const MID = coordinate('org.example:mid:2.0')
/** The end of the chain; large enough to go by pieces. */
export const LEAF = coordinate('org.example:leaf:1.1')
/** What a build asks for, to get the chain. */
export const APP = coordinate('org.example:app:1.0')
export const BIG = coordinate('org.example:big:1.0')
export const SNAPSHOT = coordinate('org.example:snap:1.0-SNAPSHOT')
/** Names that are escaped, folded or mistaken somewhere. */
export const ODD_NAMES = [
  coordinate('org.example:plus:2.4.962+really2.3.911'),
  coordinate('org.example:tilde:0.2.0~alpha6'),
  coordinate('org.example:classy:1.0:test'),
  coordinate('org.clojure:data.xml:0.0.8'),
]
const PROJECTS: readonly Project[] = [
  { of: APP, jarBytes: 30 * KILOBYTE, needs: [MID] },
  { of: MID, jarBytes: 200 * KILOBYTE, needs: [LEAF] },
  { of: LEAF, jarBytes: 300 * KILOBYTE },
  { of: BIG, jarBytes: 50 * MEGABYTE },
  ...ODD_NAMES.map((of) => ({ of, jarBytes: 20 * KILOBYTE })),
]

/** Write the whole repository, its first snapshot build included. */
export function writeFixtureTree(tree: string): void {
  writeFile(
    tree,
    fileOf(PARENT, 'pom'),
    Buffer.from(pomOf(PARENT, [], '<packaging>pom</packaging>')),
  )
  for (const { of, jarBytes, needs = [] } of PROJECTS) {
    const parent = `<parent><groupId>${PARENT.group}</groupId><artifactId>${PARENT.artifact}</artifactId><version>${PARENT.version}</version></parent>`
    writeFile(tree, fileOf(of, 'pom'), Buffer.from(pomOf(of, needs, parent)))
    writeFile(tree, fileOf(of, 'jar'), jarOf(fileOf(of, 'jar'), jarBytes))
  }
  deploySnapshot(tree, 1)
}

/** Deploy a build of {@link SNAPSHOT} as clients do it: new names, and metadata that names them last. */
export function deploySnapshot(tree: string, build: number): void {
  const stamp = `20260101.00000${String(build)}`
  const version = `${SNAPSHOT.version.replace('SNAPSHOT', stamp)}-${String(build)}`
  const base = `${folderOf(SNAPSHOT)}/${SNAPSHOT.artifact}-${version}`
  const needs = build === 1 ? [] : [LEAF]
  writeFile(tree, `${base}.jar`, jarOf(base, 20 * KILOBYTE))
  writeFile(tree, `${base}.pom`, Buffer.from(pomOf(SNAPSHOT, needs)))
  const files = ['jar', 'pom'].map(
    (extension) =>
      `<snapshotVersion><extension>${extension}</extension><value>${version}</value><updated>${stamp.replace('.', '')}</updated></snapshotVersion>`,
  )
  const metadata = `<metadata modelVersion="1.1.0"><groupId>${SNAPSHOT.group}</groupId><artifactId>${SNAPSHOT.artifact}</artifactId><version>${SNAPSHOT.version}</version><versioning><snapshot><timestamp>${stamp}</timestamp><buildNumber>${String(build)}</buildNumber></snapshot><lastUpdated>${stamp.replace('.', '')}</lastUpdated><snapshotVersions>${files.join('')}</snapshotVersions></versioning></metadata>\n`
  writeFile(tree, `${folderOf(SNAPSHOT)}/maven-metadata.xml`, Buffer.from(metadata))
}

function pomOf(of: Coordinate, needs: readonly Coordinate[], more = ''): string {
  const dependencies = needs
    .map(
      ({ group, artifact, version }) =>
        `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
    )
    .join('')
  return `<project><modelVersion>4.0.0</modelVersion>${more}<groupId>${of.group}</groupId><artifactId>${of.artifact}</artifactId><version>${of.version}</version><dependencies>${dependencies}</dependencies></project>\n`
}

function writeFile(tree: string, path: string, bytes: Uint8Array): void {
  const file = join(tree, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  for (const algorithm of ['md5', 'sha1'])
    writeFileSync(`${file}.${algorithm}`, createHash(algorithm).update(bytes).digest('hex'))
}

/** A zip archive with one stored file of random bytes, the same for the same seed. */
function jarOf(seed: string, sizeBytes: number): Uint8Array {
  const name = Buffer.from('content.bin')
  const key = createHash('sha256').update(seed).digest().subarray(0, 16)
  const content = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(
    Buffer.alloc(sizeBytes),
  )
  const common = Buffer.alloc(26)
  // version needed 10 · flags · stored · time · date (1980-01-01) · CRC-32 · sizes · length of the name · no extra field
  common.writeUInt16LE(10, 0)
  common.writeUInt16LE(0x21, 8)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(sizeBytes, 14)
  common.writeUInt32LE(sizeBytes, 18)
  common.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, content])
  // version made by, then the same fields, then comment, disk, attributes and offset: all nought
  const entry = Buffer.concat([
    Buffer.from('PK\x01\x02\x0a\x00', 'latin1'),
    common,
    Buffer.alloc(14),
    name,
  ])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(entry.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, entry, end])
}
