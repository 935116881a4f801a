import { UnavailableError } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { toAnswer } from './answer.ts'
import { RefusedRequestError } from './errors.ts'
import { toReasonPhrase } from './reason-phrase.ts'

/** 4xx that no client remembers, retries, or takes for "does not exist" (as it would 404, 429 and 5xx). */
const CANNOT_SAY = 424

/**
 * The answer for what went wrong, with the reason as phrase (clients show it) and as text (people read it).
 *
 * What is neither a refusal nor a known lack is a fault of the program: still 424, since a 5xx makes Gradle fail the
 * build without asking the next repository.
 */
export function toRefusal(error: unknown): Answer {
  if (error instanceof RefusedRequestError) return refusal(error.status, error)
  if (error instanceof UnavailableError) return refusal(CANNOT_SAY, error)
  return refusal(CANNOT_SAY, new Error('The node failed to answer; its log says more'))
}

function refusal(status: number, error: Error): Answer {
  const phrase = toReasonPhrase(error.message)
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(error instanceof RefusedRequestError ? error.headers : {}),
  }
  return { ...toAnswer(status, headers, `${phrase}\n`), phrase }
}
