// <seconds since the epoch> object|blob|pack <sha256>
//
// What no longer belongs to the newest state, and since when. Before anything is written for a state to come it is
// noted here too, and crossed out when that state is committed: so a publish that is killed leaves nothing for ever.
import { isDigest } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { CorruptStateError } from './errors.ts'

const DAY_SECONDS = 86_400

/** What kinds of files come and go, and for how long an old one stays for those who read an old manifest. */
export const RETENTION_SECONDS: Readonly<Record<RetiredKind, number>> = {
  object: 90 * DAY_SECONDS,
  pack: 90 * DAY_SECONDS,
  blob: 7 * DAY_SECONDS,
}

export type RetiredKind = 'object' | 'pack' | 'blob'

/** A published file that will be removed. */
export interface RetiredFile {
  readonly sinceSeconds: number
  readonly kind: RetiredKind
  readonly digest: Digest
}

/** The files that await their removal. A file is here once, with the time when it was last retired. */
export class RetiredFiles {
  readonly #files = new Map<string, RetiredFile>()

  /** @throws {CorruptStateError} when a line is malformed */
  static parse(text: string): RetiredFiles {
    const retired = new RetiredFiles()
    for (const line of text.split('\n').slice(0, -1)) {
      const [since = '', kind = '', digest = '', ...others] = line.split(' ')
      if (!/^[0-9]{1,12}$/.test(since) || !isKind(kind) || !isDigest(digest) || others.length > 0) {
        throw new CorruptStateError(
          `Cannot read the list of retired files: found ${JSON.stringify(line.slice(0, 120))}, wanted <seconds> <kind> <sha256>`,
        )
      }
      retired.add({ sinceSeconds: Number(since), kind, digest })
    }
    return retired
  }

  toString(): string {
    return [...this.#files.values()]
      .map(({ sinceSeconds, kind, digest }) => `${String(sinceSeconds)} ${kind} ${digest}\n`)
      .join('')
  }

  add(file: RetiredFile): void {
    this.#files.set(`${file.kind} ${file.digest}`, file)
  }

  /** A file that is published again is not retired. */
  delete(kind: RetiredKind, digest: Digest): void {
    this.#files.delete(`${kind} ${digest}`)
  }

  /** The files whose time is over. */
  expired(nowMs: number): readonly RetiredFile[] {
    const nowSeconds = Math.floor(nowMs / 1000)
    return [...this.#files.values()].filter(
      ({ kind, sinceSeconds }) => sinceSeconds + RETENTION_SECONDS[kind] <= nowSeconds,
    )
  }

  /** @param nowSeconds what was retired after it, while the clock was wrong, counts as retired now */
  copy(nowSeconds: number): RetiredFiles {
    const copy = new RetiredFiles()
    for (const file of this.#files.values()) {
      copy.add({ ...file, sinceSeconds: Math.min(file.sinceSeconds, nowSeconds) })
    }
    return copy
  }
}

function isKind(text: string): text is RetiredKind {
  return Object.hasOwn(RETENTION_SECONDS, text)
}
