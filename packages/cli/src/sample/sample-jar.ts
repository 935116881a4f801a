import { createCipheriv } from 'node:crypto'
import { zipSync } from 'fflate'
import type { Zippable } from 'fflate'
import { formatPom, formatPomProperties } from './sample-pom.ts'
import type { SampleLibrary } from './sample-library.ts'

const MANIFEST =
  'Manifest-Version: 1.0\r\nCreated-By: jarswarm sample\r\nBuild-Jdk-Spec: 17\r\n\r\n'

/**
 * Pack a library into a jar. The same library gives the same bytes, on every machine.
 *
 * @param builtAt when it was built, ISO 8601 in UTC
 */
export function packJar(library: SampleLibrary, builtAt: string): Uint8Array {
  const { group, artifact, generated } = library
  const metaDir = `META-INF/maven/${group}/${artifact}`
  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  const files: Zippable = {
    // Java wants it first.
    'META-INF/MANIFEST.MF': text(MANIFEST),
    [`${metaDir}/pom.properties`]: text(formatPomProperties(library)),
    [`${metaDir}/pom.xml`]: text(formatPom(library)),
    ...Object.fromEntries(library.sources),
  }
  if (generated !== undefined) {
    // Noise does not shrink, so it is not tried.
    files[generated.path] = [generateNoise(generated.sizeBytes), { level: 0 }]
  }
  return zipSync(files, { level: 9, mtime: toZipTime(builtAt) })
}

/** Bytes without a pattern that are the same each time: the key stream of AES under a known key. */
function generateNoise(sizeBytes: number): Uint8Array {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16))
  return cipher.update(Buffer.alloc(sizeBytes))
}

/** Zip files hold local time without a zone: the time that reads alike in every zone. */
function toZipTime(builtAt: string): Date {
  return new Date(builtAt.replace('Z', ''))
}
