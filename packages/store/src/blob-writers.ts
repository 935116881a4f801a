import type { Digest } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobCommits } from './blob-commits.ts'
import type { BlobFiles } from './blob-files.ts'
import { FileBlobWriter } from './file-blob-writer.ts'
import type { OpenFile } from './file-system.ts'
import { MAX_BLOBS_IN_MAKING } from './limits.ts'
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
  /** Those that are open, and those whose file is being made. */
  #inMaking = 0

  constructor(components: BlobWritersComponents) {
    this.#components = components
  }

  async create({ digest, sizeBytes, pinned, giveBack }: BlobWriterInit): Promise<FileBlobWriter> {
    const { files, commits } = this.#components
    if (this.#inMaking >= MAX_BLOBS_IN_MAKING) {
      giveBack()
      throw new NoSpaceError(
        `Cannot begin blob ${digest ?? 'of a digest still unknown'}: found ${String(this.#inMaking)} in the making, wanted fewer`,
      )
    }
    this.#inMaking += 1
    const ended = (): void => {
      this.#inMaking -= 1
      giveBack()
    }
    const temporary = files.newTemporary()
    let file: OpenFile
    try {
      file = await this.#createSized(temporary, { sizeBytes, mode: files.modeOf(pinned) })
    } catch (error) {
      ended()
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
          ended()
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
