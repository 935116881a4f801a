/** How a node and the system under it refuse or cut an attacker; by name or code. */
const REFUSALS = new Set([
  'AbortError',
  'ConnectionClosedError',
  'ConnectionClosingError',
  'ConnectionFailedError',
  'ECONNREFUSED',
  'ECONNRESET',
  'DialError',
  'EncryptionFailedError',
  'EPIPE',
  'GreetingRefusedError',
  'MuxerClosedError',
  'StreamAbortedError',
  'StreamBufferError',
  'StreamCloseEvent',
  'StreamClosedError',
  'StreamResetError',
  'StreamStateError',
  'TimeoutError',
  'UnexpectedEOFError',
])

/**
 * What refused an attacker.
 *
 * @throws the error itself when it is none that a node under attack causes: then the attack is broken
 */
export function refusalOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(refusalOf)[0] ?? ''
  for (const kind of kindsOf(error)) if (REFUSALS.has(kind)) return kind
  throw error
}

/** Of several attempts at the same time, count what refused those that failed. @throws as {@link refusalOf} */
export function countRefusals(
  results: readonly PromiseSettledResult<unknown>[],
  count: (what: string) => void,
): void {
  for (const result of results) if (result.status === 'rejected') count(refusedBy(result.reason))
}

/** Figure of what refused an attacker. @throws as {@link refusalOf} */
export const refusedBy = (error: unknown): string => `refused by ${refusalOf(error)}`

function* kindsOf(error: unknown): Iterable<string> {
  // libp2p throws the very event that ended its wait for room in a stream.
  if (error instanceof Event) yield error.constructor.name
  if (!(error instanceof Error)) return
  yield error.name
  if ('code' in error) yield String(error.code)
}
