import { Level } from 'level'
import { rm } from 'node:fs/promises'
import { isBookkeeping, parsePath, sidecarOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'

/** Paths written to disk at a time. */
const BATCH_PATHS = 1_000

/** What a sidecar in a list means: nothing, or that its artifact is to be looked at. */
export type SidecarMeaning = 'nothing' | 'artifact'

/** A set of paths in ascending order, on disk: a list of a million paths has no place in memory. */
export class PathSet implements AsyncDisposable {
  readonly #directory: string
  readonly #paths: Level<RepositoryPath>
  readonly #meaning: SidecarMeaning
  #leftOut = 0
  #size = 0

  private constructor(directory: string, meaning: SidecarMeaning) {
    this.#directory = directory
    this.#meaning = meaning
    this.#paths = new Level(directory)
  }

  /** @param directory of its own; removed in the end */
  static async open(directory: string, meaning: SidecarMeaning): Promise<PathSet> {
    const set = new PathSet(directory, meaning)
    await set.#paths.open()
    return set
  }

  /** Lines that name no artifact: sidecars, bookkeeping, and what is no repository path. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Lines that were taken; a path may be counted twice. */
  get size(): number {
    return this.#size
  }

  /** Add the paths of a list, one a line, with or without `./` or `/` before it; empty lines say nothing. */
  async addLines(lines: AsyncIterable<string>, signal?: AbortSignal): Promise<void> {
    let batch: RepositoryPath[] = []
    for await (const line of lines) {
      signal?.throwIfAborted()
      if (line.trim() === '') continue
      const path = this.#read(line)
      if (path === undefined) {
        this.#leftOut += 1
        continue
      }
      this.#size += 1
      batch.push(path)
      if (batch.length < BATCH_PATHS) continue
      await this.#write(batch)
      batch = []
    }
    await this.#write(batch)
  }

  /** @param after only what comes behind this path */
  async *paths(after?: string): AsyncGenerator<RepositoryPath> {
    yield* this.#paths.keys(after === undefined ? {} : { gt: after as RepositoryPath })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#paths.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #write(paths: readonly RepositoryPath[]): Promise<void> {
    await this.#paths.batch(paths.map((key) => ({ type: 'put', key, value: '' })))
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
