/** Repositories that a node can stand for, under the ids that clients know them by. */
export const STAND_INS = ['clojars', 'central'] as const
export type StandIn = (typeof STAND_INS)[number]

/** One repository of the node, and the one of the client that it stands for. */
export interface Replacement {
  readonly as: StandIn
  /** With a trailing slash. */
  readonly url: string
  /** Answers 200 over plain HTTP while builds may be sent to the node for this repository. */
  readonly probe: string
}

/** Everything that the configuration of a client follows from. */
export interface SetupTarget {
  readonly replacements: readonly Replacement[]
  /** PEM file that `url` is served with, when that is over TLS. */
  readonly certificate: string | undefined
  /** Home directory of the user. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How one file of a client is to change. */
export interface SetupPlan {
  readonly file: string
  /** What a person would paste. */
  readonly snippet: string
  /**
   * The file's text with the change in it, all else as it was.
   *
   * @param text the file without the change; empty when there is none
   * @throws {SetupRefusedError} when it cannot be read, or already sends the repository elsewhere
   */
  readonly weave: (text: string) => string
  /** The text without the change, byte for byte what `weave` was given. */
  readonly unweave: (text: string) => string
  /** Other files that decide whether the change may be made; read, never written. */
  readonly alsoRead?: { readonly file: string; readonly check: (text: string) => void }
  /** What the user has to know. */
  readonly notes: readonly string[]
}
