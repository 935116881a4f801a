import { createHash } from 'node:crypto'
import { inParallel } from '@jarswarm/publisher'
import type { SignedRepositoryBuilder } from '@jarswarm/testkit'
import type { Artifact } from './_outage-model.ts'

/** As Maven and Leiningen have: one connection for poms, five for jars. */
const JAR_CONNECTIONS = 5
/** Leiningen waits so long for the next byte. */
const SILENCE_MS = 10_000

/** What became of a build. */
export interface Outcome {
  readonly succeeded: boolean
  readonly seconds: number
  /** The first thing that could not be had. */
  readonly reason?: string
}

/**
 * Ask for what a build lacks, in the order of Maven and Leiningen: each pom and its checksum, one after the other, then
 * jars with theirs. Bytes are compared with what was published; anything else than all of them ends the build.
 *
 * @param base URL of the repository, with a trailing slash
 */
export async function build(
  base: string,
  builder: SignedRepositoryBuilder,
  lacking: readonly Artifact[],
): Promise<Outcome> {
  const began = performance.now()
  const get = async (path: string): Promise<void> => {
    const { digest, sha1 } = builder.entry(path)
    if ((await hashOf(base + path, 'sha256')) !== digest) throw new Error(`${path} has wrong bytes`)
    const response = await ask(`${base}${path}.sha1`)
    if ((await response.text()).trim() !== sha1) throw new Error(`${path}.sha1 is wrong`)
  }
  const end = (reason?: string): Outcome => ({
    succeeded: reason === undefined,
    seconds: (performance.now() - began) / 1_000,
    ...(reason !== undefined && { reason }),
  })
  try {
    for (const artifact of lacking) await get(`${artifact}.pom`)
    await inParallel(lacking, JAR_CONNECTIONS, (artifact) => get(`${artifact}.jar`))
    return end()
  } catch (error) {
    return end(String(error))
  }
}

async function hashOf(url: string, algorithm: string): Promise<string> {
  const response = await ask(url)
  return createHash(algorithm)
    .update(new Uint8Array(await response.arrayBuffer()))
    .digest('hex')
}

async function ask(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(SILENCE_MS) })
  if (response.status === 200) return response
  await response.body?.cancel()
  throw new Error(`${url}: ${String(response.status)} ${response.statusText}`)
}
