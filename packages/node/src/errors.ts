/**
 * Another program listens on the address.
 *
 * Tell the user which one; another port, or port 0 for any free one, helps.
 */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError'
  readonly code = 'ERR_PORT_IN_USE'
}

/**
 * The machine does not have the address, or the user may not listen on it.
 *
 * Tell the user; nothing but another address helps.
 */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code = 'ERR_LISTEN'
}

/**
 * The name is taken by another repository.
 *
 * Refuse to join: a build would silently get its files from another repository than it did before.
 */
export class RepositoryNameTakenError extends Error {
  override readonly name = 'RepositoryNameTakenError'
  readonly code = 'ERR_REPOSITORY_NAME_TAKEN'
}

/**
 * No node runs on the data directory, or it does not answer.
 *
 * Tell the user how to start one.
 */
export class NoNodeError extends Error {
  override readonly name = 'NoNodeError'
  readonly code = 'ERR_NO_NODE'
}

/**
 * The node refused what it was asked through its control socket; `code` and message are the node's own.
 *
 * Show the message to the user.
 */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/**
 * The repository or the path does not exist: the signed index proves it, or the node does not follow it.
 *
 * Tell the user; trying again does not help.
 */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
  readonly code = 'ERR_NOT_FOUND'
}

/**
 * A text does not name a file of a repository.
 *
 * Show the message to the user: it says what is wanted.
 */
export class InvalidAddressError extends SyntaxError {
  override readonly name = 'InvalidAddressError'
  readonly code = 'ERR_INVALID_ADDRESS'
}

/**
 * The machine's clock cannot be right.
 *
 * Stop before anything is judged fresh or signed by it; tell the operator to set it.
 */
export class WrongClockError extends Error {
  override readonly name = 'WrongClockError'
  readonly code = 'ERR_WRONG_CLOCK'
}

/**
 * There is nothing that could be served: the tree was never published, or its published form is damaged.
 *
 * Tell the operator to publish.
 */
export class UnpublishedTreeError extends Error {
  override readonly name = 'UnpublishedTreeError'
  readonly code = 'ERR_UNPUBLISHED_TREE'
}
