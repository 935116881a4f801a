import { sha256 } from '@jarswarm/manifest'
import type { EvidenceStore } from '@jarswarm/ports'

/** An `EvidenceStore` in the heap. */
export class MemoryEvidenceStore implements EvidenceStore {
  /** By name. */
  readonly files: Map<string, Uint8Array> = new Map<string, Uint8Array>()

  add(kind: string, bytes: Uint8Array): Promise<string> {
    const name = `${kind}-${sha256(bytes).slice(0, 16)}.json`
    this.files.set(name, bytes)
    return Promise.resolve(name)
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.files.keys()].sort())
  }
}
