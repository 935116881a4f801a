import type { Digest } from './digest.ts'

/**
 * A node of the index is needed that the source does not have.
 *
 * Fetch the object of that digest, store it, and ask again.
 */
export class MissingNodeError extends Error {
  override readonly name = 'MissingNodeError'
  readonly code = 'ERR_MISSING_NODE'
  readonly digest: Digest

  constructor(digest: Digest) {
    super(`Cannot read index node ${digest}: the source does not have it`)
    this.digest = digest
  }
}

/**
 * Bytes are no index node, or not the node that stands at this place of the tree.
 *
 * Whoever sent them is at fault; drop them, and ask another. When the bytes do hash to the digest that was asked
 * for, whoever signed the index is at fault.
 */
export class InvalidIndexNodeError extends Error {
  override readonly name = 'InvalidIndexNodeError'
  readonly code = 'ERR_INVALID_INDEX_NODE'

  constructor(found: string) {
    super(`Cannot read index node: ${found}`)
  }
}

/**
 * A list of nodes proves nothing about the directory under that root.
 *
 * Whoever sent it is at fault: drop it, and ask another.
 */
export class InvalidProofError extends Error {
  override readonly name = 'InvalidProofError'
  readonly code = 'ERR_INVALID_PROOF'

  constructor(found: string, options?: ErrorOptions) {
    super(`Cannot verify proof: ${found}`, options)
  }
}

/**
 * An entry cannot stand in an index.
 *
 * The caller that made it is at fault; leave the file out and report it.
 */
export class InvalidIndexEntryError extends RangeError {
  override readonly name = 'InvalidIndexEntryError'
  readonly code = 'ERR_INVALID_INDEX_ENTRY'
  readonly path: string

  constructor(path: string, found: string) {
    super(`Cannot index ${path}: ${found}`)
    this.path = path
  }
}

/**
 * Bytes are no piece list of an artifact of that size.
 *
 * Whoever sent them is at fault: drop them, and ask another.
 */
export class InvalidPieceListError extends Error {
  override readonly name = 'InvalidPieceListError'
  readonly code = 'ERR_INVALID_PIECE_LIST'

  constructor(found: string) {
    super(`Cannot parse piece list: ${found}`)
  }
}

/**
 * Bytes are no head in its one canonical form.
 *
 * Whoever signed it is at fault; keep the head that is trusted.
 */
export class InvalidHeadError extends Error {
  override readonly name = 'InvalidHeadError'
  readonly code = 'ERR_INVALID_HEAD'

  constructor(found: string, options?: ErrorOptions) {
    super(`Cannot parse head: ${found}`, options)
  }
}

/**
 * Bytes are no pack.
 *
 * Fetch the nodes one by one instead: a pack is only a short cut.
 */
export class InvalidPackError extends Error {
  override readonly name = 'InvalidPackError'
  readonly code = 'ERR_INVALID_PACK'

  constructor(found: string) {
    super(`Cannot parse pack: ${found}`)
  }
}

/**
 * An object is no list of withdrawals, or not the one that the head names.
 *
 * It hashes to what was signed, so whoever signed it is at fault: keep the head that is in use.
 */
export class InvalidWithdrawalsError extends Error {
  override readonly name = 'InvalidWithdrawalsError'
  readonly code = 'ERR_INVALID_WITHDRAWALS'

  constructor(found: string) {
    super(`Cannot read withdrawals: found ${found}, wanted the list that the head names`)
  }
}

/**
 * A line, a tile, a bundle or the kept state of the history is malformed.
 *
 * Drop it and ask another; if the publisher's own log is meant, stop and tell the operator.
 */
export class InvalidHistoryError extends Error {
  override readonly name = 'InvalidHistoryError'
  readonly code = 'ERR_INVALID_HISTORY'

  constructor(found: string) {
    super(`Cannot read history: ${found}`)
  }
}

/**
 * A proof does not show that an entry is in the history, or that one history continues another.
 *
 * Whoever sent it is at fault; if nobody can give a good one, the log was rewritten: tell the operator.
 */
export class InvalidHistoryProofError extends Error {
  override readonly name = 'InvalidHistoryProofError'
  readonly code = 'ERR_INVALID_HISTORY_PROOF'

  constructor(found: string) {
    super(`Cannot verify history proof: ${found}`)
  }
}
