/**
 * The other side does what the protocol forbids: too many requests, an answer nobody asked for, an
 * impossible frame.
 *
 * Cut the stream; the peer may be of another make, so it is not banned for it.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code = 'ERR_PROTOCOL'
}
