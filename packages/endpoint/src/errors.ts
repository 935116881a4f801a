/**
 * The endpoint's address cannot be listened on.
 *
 * Tell the user the message and stop: it says what is wrong and what to choose instead.
 */
export class EndpointListenError extends Error {
  override readonly name = 'EndpointListenError'
  readonly code = 'ERR_ENDPOINT_LISTEN'
}

/**
 * The request gets no artifact. Answer with the status; the message is the reason phrase that clients show.
 */
export class RefusedRequestError extends Error {
  override readonly name = 'RefusedRequestError'
  readonly code = 'ERR_REFUSED_REQUEST'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/**
 * The client closed its connection. Nobody is there to be answered: stop, and let go of everything.
 */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
  readonly code = 'ERR_CLIENT_GONE'
}

/**
 * A body cannot be sent to its end. Reset the connection, so that the client sees a short length.
 */
export class BrokenBodyError extends Error {
  override readonly name = 'BrokenBodyError'
  readonly code = 'ERR_BROKEN_BODY'
}
