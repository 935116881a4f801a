import { ShortBodyError, UnusableAnswerError } from '@jarswarm/http'
import { NotHeldError, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'

/** What undici and the system call a connection that ended inside a body. */
const CUT_OFF: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ECONNRESET',
])

/** Whether an error is one that the port promises, so that it passes as it is. */
export function isPortError(error: unknown): error is Error {
  return (
    error instanceof NotHeldError ||
    error instanceof TruncatedError ||
    error instanceof SourceUnavailableError ||
    error instanceof RangeError
  )
}

/**
 * Say a failure of the HTTP client in the errors that the port allows.
 *
 * @param began whether the answer had begun, so that a lost connection cut it short
 */
export function toSourceError(url: string, error: unknown, began: boolean): Error {
  if (isPortError(error)) return error
  if (error instanceof ShortBodyError) return new TruncatedError(error.message, { cause: error })
  if (error instanceof UnusableAnswerError) {
    return new SourceUnavailableError(error.message, { cause: error })
  }
  const { code, message } = error as { code?: string; message?: string }
  const text = `Cannot read from ${url}: ${code ?? message ?? 'unknown failure'}`
  return began && CUT_OFF.has(code ?? '')
    ? new TruncatedError(text, { cause: error })
    : new SourceUnavailableError(text, { cause: error })
}
