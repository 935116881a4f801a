import { formatCoordinates, walkClosure } from '@jarswarm/maven'
import type { Coordinates } from '@jarswarm/maven'
import type { ServedArtifact } from '@jarswarm/ports'
import { MAX_WALKS } from './limits.ts'
import { FileBringer } from './file-bringer.ts'
import type { FileBringerComponents } from './file-bringer.ts'
import { PomLibrary } from './pom-library.ts'

/** Everything that is fetched ahead for the clients of one repository, from their first pom until they fall silent. */
export class PrefetchSession {
  readonly #components: FileBringerComponents
  readonly #files: FileBringer
  readonly #library: PomLibrary
  readonly #control = new AbortController()
  readonly #walks = new Set<Promise<void>>()

  /** @param onHopeless called when it makes no sense to go on: end the session then */
  constructor(components: FileBringerComponents, onHopeless: (reason: Error) => void) {
    this.#components = components
    this.#files = new FileBringer(components, { signal: this.#control.signal, onHopeless })
    this.#library = new PomLibrary({ files: this.#files, logger: components.logger })
  }

  /** A client was given a pom: fetch what follows from it, unless that is under way or done. */
  begin(pom: Coordinates, { source, path }: ServedArtifact): void {
    if (this.#walks.size >= MAX_WALKS || this.#library.hasRead(pom)) return
    const walk = this.#walk(pom, source === 'store')
      .catch((error: unknown) => {
        this.#components.logger.warn({ path, error: String(error) }, 'prefetch failed')
      })
      .finally(() => {
        this.#walks.delete(walk)
      })
    this.#walks.add(walk)
  }

  /** Fetch nothing more; resolves when nothing is waited for. What is on its way comes to its end by itself. */
  async end(reason: Error): Promise<void> {
    this.#control.abort(reason)
    await Promise.all(this.#walks)
  }

  async #walk(pom: Coordinates, wasHere: boolean): Promise<void> {
    if (wasHere && !(await this.#lacksJar(pom))) return
    this.#files.refill()
    const library = this.#library
    const bringing: Promise<void>[] = []
    await walkClosure(pom, {
      read: (id) => library.read(id),
      metadata: (project) => library.metadata(project),
      onArtifact: (artifact) => {
        bringing.push(library.bring(artifact))
      },
    })
    await Promise.all(bringing)
  }

  /**
   * Whether a pom that was here before has a jar that was not. If it has none, or has it, then most likely all else is
   * here, too: a build with everything in the store costs one look per pom and no walk.
   */
  async #lacksJar(pom: Coordinates): Promise<boolean> {
    return (await this.#files.isHere(formatCoordinates({ ...pom, extension: 'jar' }))) === false
  }
}
