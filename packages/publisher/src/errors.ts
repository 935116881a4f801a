/**
 * Publishing would break a promise to those who follow the repository, so nothing was published.
 *
 * Tell the operator: the message names what was found and what was wanted. A retry without a change of the state
 * directory, the tree or the options ends the same way.
 */
export abstract class PublishRefusedError extends Error {
  abstract readonly code: string
}

/**
 * The state directory is not one of this program, or not of this version, or is already in use for another repository.
 *
 * Name another directory.
 */
export class StateDirectoryError extends PublishRefusedError {
  override readonly name = 'StateDirectoryError'
  readonly code = 'ERR_STATE_DIRECTORY'
}

/**
 * Another publisher works with the same state directory.
 *
 * Try again when it has finished.
 */
export class StateLockedError extends PublishRefusedError {
  override readonly name = 'StateLockedError'
  readonly code = 'ERR_STATE_LOCKED'
  readonly pid: number

  constructor(stateDir: string, pid: number) {
    super(
      `Cannot lock ${stateDir}: found it in use by process ${String(pid)}, wanted no other publisher`,
    )
    this.pid = pid
  }
}

/**
 * What stands published in the tree does not follow from the state directory: one of the two was lost, restored from
 * a backup, or belongs to another repository. Publishing on could sign two different heads with one number.
 *
 * Bring back the newest copy of the older one of the two.
 */
export class StateMismatchError extends PublishRefusedError {
  override readonly name = 'StateMismatchError'
  readonly code = 'ERR_STATE_MISMATCH'
}

/**
 * The tree is empty or much smaller than when it was last published: a disk that is not mounted, a copy under way.
 *
 * Look at the tree; if it is right, publish with `--allow-shrink`.
 */
export class TreeShrunkError extends PublishRefusedError {
  override readonly name = 'TreeShrunkError'
  readonly code = 'ERR_TREE_SHRUNK'
  readonly found: number
  readonly wanted: number

  constructor(treeDir: string, counts: { readonly found: number; readonly wanted: number }) {
    super(
      `Cannot publish ${treeDir}: found ${String(counts.found)} files, wanted at least ${String(counts.wanted)}, ` +
        'half of what was there last time; if the tree is right, publish with --allow-shrink',
    )
    this.found = counts.found
    this.wanted = counts.wanted
  }
}

/**
 * More would be withdrawn within a day than the online keys may withdraw alone; nodes would hold all of it back.
 *
 * Withdraw less, or have the holders of the root allow the batch: `repo withdraw --propose`.
 */
export class WithdrawalLimitError extends PublishRefusedError {
  override readonly name = 'WithdrawalLimitError'
  readonly code = 'ERR_WITHDRAWAL_LIMIT'

  constructor(counts: { readonly found: number; readonly wanted: number }) {
    super(
      `Cannot withdraw: found ${String(counts.found)} files within 24 hours, wanted at most ${String(counts.wanted)} by the ` +
        'online keys alone; to withdraw more, have the holders of the root sign the list: run the command with --propose',
    )
  }
}

/**
 * A file that the publisher wrote for itself does not read back.
 *
 * The disk or somebody's hand changed it: bring it back from a backup.
 */
export class CorruptStateError extends PublishRefusedError {
  override readonly name = 'CorruptStateError'
  readonly code = 'ERR_STATE_CORRUPT'
}

/**
 * A root was proposed that somebody signed already; another one of the same number would split the signatures.
 *
 * Apply the one under way, or drop it on purpose with `--replace`.
 */
export class ProposalUnderWayError extends PublishRefusedError {
  override readonly name = 'ProposalUnderWayError'
  readonly code = 'ERR_PROPOSAL_UNDER_WAY'
  readonly path: string

  constructor(path: string, signatures: number) {
    super(
      `Cannot propose another root: found ${path} with ${String(signatures)} signatures, wanted none; ` +
        'apply it first, or drop it with --replace',
    )
    this.path = path
  }
}

/** The file was not the same before and after it was read; it is still being written. */
export class UnsteadyFileError extends Error {
  override readonly name = 'UnsteadyFileError'
  readonly code = 'ERR_UNSTEADY_FILE'
}

/** What was written to the file may be lost, though it can be read. */
export class FailedSyncError extends Error {
  override readonly name = 'FailedSyncError'
  readonly code = 'ERR_FAILED_SYNC'
}
