import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Bytes that no compressor can shorten, the same for the same seed. */
export function seededBytes(seed: string, sizeBytes: number): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let made = 0, block = 0; made < sizeBytes; block += 1) {
    const bytes = createHash('sha512')
      .update(`${seed} ${String(block)}`)
      .digest()
    blocks.push(bytes)
    made += bytes.length
  }
  return Buffer.concat(blocks).subarray(0, sizeBytes)
}

/**
 * Write a Maven tree of single-jar projects with their poms.
 *
 * @param shape.poms whether there are any. @defaultValue true
 * @returns repository paths of the jars
 */
export function writeTree(
  directory: string,
  shape: { readonly jars: number; readonly sizeBytes: number; readonly poms?: boolean },
): readonly string[] {
  const paths: string[] = []
  for (let n = 0; n < shape.jars; n += 1) {
    const base = `bench/p${String(n)}/1.0/p${String(n)}-1.0`
    mkdirSync(join(directory, dirname(base)), { recursive: true })
    writeFileSync(join(directory, `${base}.jar`), seededBytes(base, shape.sizeBytes))
    paths.push(`${base}.jar`)
    if (shape.poms === false) continue
    writeFileSync(
      join(directory, `${base}.pom`),
      `<project><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>p${String(n)}</artifactId><version>1.0</version></project>\n`,
    )
  }
  return paths
}
