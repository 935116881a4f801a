import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A small artifact, a pom beside it, and one that takes several pieces. */
export const JAR = 'org/example/small/1.0/small-1.0.jar'
export const POM = 'org/example/small/1.0/small-1.0.pom'
export const LARGE = 'org/example/large/1.0/large-1.0.zip'

export const CONTENT: Readonly<Record<string, Buffer>> = {
  [JAR]: Buffer.from('a small jar'),
  [POM]: Buffer.from('<project/>'),
  [LARGE]: Buffer.alloc(700_000, 'large '),
}

/** Write files into a directory. */
export function writeTree(
  directory: string,
  content: Readonly<Record<string, Buffer>> = CONTENT,
): void {
  for (const [path, bytes] of Object.entries(content)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), bytes)
  }
}
