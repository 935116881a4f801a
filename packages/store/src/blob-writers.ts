import type { Digest } from '@jarswarm/manifest'
import type { BlobCommits } from './blob-commits.ts'
import type { BlobFiles } from './blob-files.ts'
import { FileBlobWriter } from './file-blob-writer.ts'
import type { OpenFile } from './file-system.ts'
import { toStorageError } from './storage-error.ts'

export interface BlobWritersComponents {
  readonly files: BlobFiles
  readonly commits: BlobCommits
}

export interface BlobWriterInit {
  /** Undefined while it is not known: `commit` then names the blob. */
  readonly digest: Digest | undefined
  readonly sizeBytes: number
  readonly pinned: boolean
  /** Gives the reserved space back; called once, also when no writer comes to be. */
  readonly giveBack: () => void
}

/** The blobs in the making. */
export class BlobWriters {
  readonly #components: BlobWritersComponents
  readonly #open = new Set<FileBlobWriter>()

  constructor(components: BlobWritersComponents) {
    this.#components = components
  }

  async create({ digest, sizeBytes, pinned, giveBack }: BlobWriterInit): Promise<FileBlobWriter> {
    const { files, commits } = this.#components
    const temporary = files.newTemporary()
    let file: OpenFile
    try {
      file = await this.#createSized(temporary, { sizeBytes, mode: files.modeOf(pinned) })
    } catch (error) {
      giveBack()
      throw toStorageError(error, `begin blob ${digest ?? 'of a digest still unknown'}`)
    }
    const writer = new FileBlobWriter(
      { digest, sizeBytes },
      {
        file,
        commit: (named) => commits.commit({ digest: named, sizeBytes, pinned, temporary }),
        drop: () => files.files.remove(temporary),
        ended: () => {
          this.#open.delete(writer)
          giveBack()
        },
      },
    )
    this.#open.add(writer)
    return writer
  }

  /** Drop all that is in the making. */
  async abort(): Promise<void> {
    await Promise.all([...this.#open].map((writer) => writer.abort()))
  }

  async #createSized(
    path: string,
    wanted: { readonly sizeBytes: number; readonly mode: number },
  ): Promise<OpenFile> {
    const { files } = this.#components.files
    const file = await files.create(path, wanted.mode)
    try {
      await file.truncate(wanted.sizeBytes)
      return file
    } catch (error) {
      await file.close()
      await files.remove(path)
      throw error
    }
  }
}
