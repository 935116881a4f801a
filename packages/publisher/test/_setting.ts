import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { publishFrom } from '../src/index.ts'
import type { PublishFromOptions, PublishReport } from '../src/index.ts'
import { serveOrigin } from './_origin.ts'
import type { TestOrigin } from './_origin.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

/** An HTTP repository, and somebody who publishes it from outside. */
export interface Setting {
  readonly repository: TestRepository
  readonly origin: TestOrigin
  readonly outDir: string
  /** Publish the listed paths, those of all files of the origin unless told otherwise. */
  readonly publish: (
    paths?: readonly string[],
    options?: Partial<PublishFromOptions>,
  ) => Promise<PublishReport>
}

/** A list of paths, as it comes from a file. */
export async function* lines(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) yield await Promise.resolve(path)
}

export async function createSetting(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<Setting> {
  const repository = await createRepository(t)
  const origin = await serveOrigin(t, files)
  const outDir = join(repository.root, 'out')
  return {
    repository,
    origin,
    outDir,
    publish: (paths = [...origin.files.keys()], options = {}) =>
      publishFrom({
        stateDir: repository.stateDir,
        outDir,
        url: `${origin.url}/`,
        paths: lines(paths),
        version: '1.2.3',
        retryMs: 1,
        nowMs: START_MS,
        ...options,
      }),
  }
}
