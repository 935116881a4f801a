import { join } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { EvidenceStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { checkDigest } from './blob-files.ts'
import { readSmallFile, replaceFile } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import { MAX_EVIDENCE_FILES } from './limits.ts'
import { Mutex } from './mutex.ts'
import { codeOf, toStorageError } from './storage-error.ts'

const REPOSITORY_DIGITS = 8
const NAME_DIGITS = 16

/** Evidence in files of its own, `evidence/<kind>-<8 digits of the repository id>-<16 of its SHA-256>.json`. */
export class FileEvidenceStore implements EvidenceStore {
  readonly #files: FileSystem
  readonly #directory: string
  readonly #repository: string
  readonly #name: RegExp
  readonly #turns = new Mutex()

  constructor(
    components: { readonly files: FileSystem },
    init: { readonly root: string; readonly repository: RepositoryId },
  ) {
    checkDigest(init.repository)
    this.#repository = init.repository.slice(0, REPOSITORY_DIGITS)
    this.#name = new RegExp(`^[a-z-]+-${this.#repository}-[0-9a-f]{${String(NAME_DIGITS)}}\\.json$`)
    this.#files = components.files
    this.#directory = join(init.root, 'evidence')
  }

  add(kind: string, bytes: Uint8Array): Promise<string> {
    const name = `${kind}-${this.#repository}-${sha256(bytes).slice(0, NAME_DIGITS)}.json`
    return this.#turns.run(async () => {
      const names = await this.list()
      const isNew = !names.includes(name)
      if (!isNew && (await this.#isSound(name, bytes))) return name
      if (isNew && names.length >= MAX_EVIDENCE_FILES) {
        throw new NoSpaceError(
          `Cannot keep evidence ${name}: found ${String(names.length)} files in ${this.#directory}, wanted fewer than ${String(MAX_EVIDENCE_FILES)}`,
        )
      }
      try {
        await this.#files.makeDirectory(this.#directory)
        await replaceFile(this.#files, join(this.#directory, name), bytes)
      } catch (error) {
        throw toStorageError(error, `keep evidence ${name}`)
      }
      return name
    })
  }

  /** Disks lose bits, and whoever brings the same evidence again brings them back. */
  async #isSound(name: string, wanted: Uint8Array): Promise<boolean> {
    try {
      const found = await readSmallFile(this.#files, join(this.#directory, name), wanted.length)
      return found !== undefined && Buffer.compare(found, wanted) === 0
    } catch (error) {
      throw toStorageError(error, `read evidence ${name}`)
    }
  }

  async list(): Promise<readonly string[]> {
    try {
      return (await this.#files.names(this.#directory))
        .filter((name) => this.#name.test(name))
        .sort()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw toStorageError(error, `list ${this.#directory}`)
    }
  }
}
