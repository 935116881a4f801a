import { cpSync, globSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Asked, Content } from './_rot-content.ts'
import type { RotProduct } from './_rot-product.ts'

/** What a node keeps against the keys of a repository; it only keeps it. */
export const EVIDENCE = { kind: 'two-stories', text: '{"kind":"two-stories"}\n'.repeat(20) }

/** A sound data directory, and copies of it to damage. */
export class RotDirectory {
  readonly #sound: string
  readonly asked: Asked
  /** What it says. */
  readonly content: Content

  private constructor(sound: string, said: { readonly asked: Asked; readonly content: Content }) {
    this.#sound = sound
    this.asked = said.asked
    this.content = said.content
  }

  static async create(product: RotProduct, sound: string, asked: Asked): Promise<RotDirectory> {
    const looked = new RotDirectory(sound, { asked, content: new Map() })
    const content = await product.read({ dataDir: looked.copy(), asked, evidence: EVIDENCE })
    return new RotDirectory(sound, { asked, content })
  }

  /** Files that hold something, by their names in it. */
  files(pattern = '**/*'): readonly string[] {
    return filesIn(this.#sound, [pattern])
  }

  /** A copy, in place of the one before. */
  copy(): string {
    return copyOf(this.#sound)
  }

  /** The bytes of a file as they were before the damage. */
  soundFile(name: string): string {
    return join(this.#sound, name)
  }
}

/** Files that hold something, by their names in a directory. */
export function filesIn(directory: string, patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: directory })
    .filter((name) => {
      const stat = statSync(join(directory, name))
      return stat.isFile() && stat.size > 0
    })
    .sort()
}

/** A copy of a directory, beside it, in place of the one before. */
export function copyOf(sound: string): string {
  const copy = join(dirname(sound), 'copy')
  rmSync(copy, { recursive: true, force: true })
  // With their times: the publisher reads a file again whose time is another.
  cpSync(sound, copy, { recursive: true, preserveTimestamps: true })
  return copy
}
