import type { PatientReader } from '@jarswarm/http'
import type { SidecarAlgorithm } from '@jarswarm/maven'
import { compareStated, readSidecar, readStated } from '@jarswarm/publisher'

/** Checksum files of a Maven repository, the usual ones first. */
export const ALGORITHMS = ['sha1', 'md5', 'sha256', 'sha512'] as const
/** Files in a row without a checksum file of a kind, before a server that has none of it is asked no more. */
const ASKED_IN_VAIN = 20

/** Compares the checksum files of a server with the files beside them, and learns which kinds it has. */
export class RemoteChecksums {
  readonly #reader: PatientReader
  readonly #inVain = new Map<SidecarAlgorithm, number>()

  constructor(reader: PatientReader) {
    this.#reader = reader
  }

  /** Kinds that are still asked for. */
  get algorithms(): readonly SidecarAlgorithm[] {
    return ALGORITHMS.filter((algorithm) => (this.#inVain.get(algorithm) ?? 0) < ASKED_IN_VAIN)
  }

  /**
   * @param digests of the file, as the server gave it
   * @returns what disagrees, in words
   */
  async check(
    path: string,
    digests: ReadonlyMap<SidecarAlgorithm, string>,
  ): Promise<readonly string[]> {
    const reasons: string[] = []
    for (const algorithm of this.algorithms) {
      if (!digests.has(algorithm)) continue
      const text = await readSidecar(this.#reader, `${path}.${algorithm}`)
      this.#learn(algorithm, text !== undefined)
      if (text === undefined) continue
      const found = compareStated(algorithm, readStated(algorithm, text), { stated: digests })
      if (found !== undefined) reasons.push(found.reason)
    }
    return reasons
  }

  /** A kind that was seen once is asked for always: one that is missing then says nothing. */
  #learn(algorithm: SidecarAlgorithm, isThere: boolean): void {
    const before = this.#inVain.get(algorithm) ?? 0
    this.#inVain.set(algorithm, isThere ? -Infinity : before + 1)
  }
}
