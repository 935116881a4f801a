import { namingDatabase } from '@jarswarm/files'
import { Level } from 'level'
import { rm } from 'node:fs/promises'
import { isBookkeeping, parsePath, sidecarOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'

/** Paths written to disk at a time. */
const BATCH_PATHS = 1_000

/** What a sidecar in a list means: nothing, or that its artifact is to be looked at. */
export type SidecarMeaning = 'nothing' | 'artifact'

export interface PathSetInit {
  /** Of its own; removed in the end. */
  readonly directory: string
  readonly meaning: SidecarMeaning
  readonly signal: AbortSignal | undefined
}

/**
 * A set of paths in ascending order, on disk: a list of a million paths has no place in memory. Nothing in its directory is from before,
 * so there is nothing to compare when it is opened.
 */
export class PathSet implements AsyncDisposable {
  readonly #directory: string
  readonly #paths: Level<RepositoryPath>
  readonly #meaning: SidecarMeaning
  #leftOut = 0

  private constructor(directory: string, meaning: SidecarMeaning) {
    this.#directory = directory
    this.#meaning = meaning
    this.#paths = new Level(directory)
  }

  /**
   * Read a list of paths, one a line, with or without `./` or `/` before it; empty lines say nothing.
   *
   * @throws the signal's reason, or what reading the lines throws
   */
  static async read(
    lines: AsyncIterable<string>,
    { directory, meaning, signal }: PathSetInit,
  ): Promise<PathSet> {
    const set = new PathSet(directory, meaning)
    try {
      await namingDatabase(directory, () => set.#paths.open())
      await set.#addLines(lines, signal)
      return set
    } catch (error) {
      await set[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Lines that name no artifact: sidecars, bookkeeping, and what is no repository path. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** @param after only what comes behind this path */
  async *paths(after?: string): AsyncGenerator<RepositoryPath> {
    yield* this.#paths.keys(after === undefined ? {} : { gt: after as RepositoryPath })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#paths.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #addLines(lines: AsyncIterable<string>, signal: AbortSignal | undefined): Promise<void> {
    let batch: RepositoryPath[] = []
    for await (const line of lines) {
      signal?.throwIfAborted()
      if (line.trim() === '') continue
      const path = this.#read(line)
      if (path === undefined) {
        this.#leftOut += 1
        continue
      }
      batch.push(path)
      if (batch.length < BATCH_PATHS) continue
      await this.#write(batch)
      batch = []
    }
    await this.#write(batch)
  }

  async #write(paths: readonly RepositoryPath[]): Promise<void> {
    await namingDatabase(this.#directory, () =>
      this.#paths.batch(paths.map((key) => ({ type: 'put', key, value: '' }))),
    )
  }

  #read(line: string): RepositoryPath | undefined {
    const text = line.trim().replace(/^(?:\.?\/)+/, '')
    let path: RepositoryPath
    try {
      path = parsePath(text)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_PATH') return
      throw error
    }
    if (isBookkeeping(path)) return undefined
    const sidecar = sidecarOf(path)
    if (sidecar === undefined) return path
    return this.#meaning === 'artifact' ? sidecar.artifact : undefined
  }
}
