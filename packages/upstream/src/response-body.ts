import { announcedLength, refuseEncoding, unexpectedStatus } from '@jarswarm/http'
import type { HttpResponse } from '@jarswarm/http'
import { SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { ByteRange } from '@jarswarm/ports'

/** How the wanted bytes lie in a body: skip so many, take so many, and what must be true afterwards. */
export interface BodyPlan {
  readonly skipBytes: number
  readonly takeBytes: number
  /** The body ends right behind the taken bytes; more is an error. */
  readonly endsThere: boolean
}

/**
 * Work out from status and headers where the wanted bytes lie.
 *
 * @param range undefined when the whole was asked for
 * @throws {TruncatedError} when the announced length is too short
 * @throws {SourceUnavailableError} or {UnusableAnswerError} when the answer is not what was asked for
 */
export function planBody(
  response: HttpResponse,
  sizeBytes: number,
  range: ByteRange | undefined,
): BodyPlan {
  refuseEncoding(response)
  if (range !== undefined && response.status === 206) {
    checkContentRange(response, sizeBytes, range)
    checkLength(response, range.length)
    return { skipBytes: 0, takeBytes: range.length, endsThere: true }
  }
  if (response.status !== 200) throw unexpectedStatus(response)
  checkLength(response, sizeBytes)
  if (range === undefined) return { skipBytes: 0, takeBytes: sizeBytes, endsThere: true }
  // The server ignores ranges. What is skipped is bounded by the signed size, and the next parts come in one answer.
  const endsThere = range.offset + range.length === sizeBytes
  return { skipBytes: range.offset, takeBytes: range.length, endsThere }
}

/**
 * The planned bytes of a body; their sum is exactly `takeBytes`, else the iteration throws.
 *
 * @throws {TruncatedError} when the body ends early
 * @throws {SourceUnavailableError} when it goes on where it must end
 */
export async function* readPlanned(
  response: HttpResponse,
  plan: BodyPlan,
): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = plan.skipBytes
  let left = plan.takeBytes
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    const wanted = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - wanted.length
    if (wanted.length > left && plan.endsThere) {
      throw new SourceUnavailableError(
        `Cannot accept ${response.place}: found more than the ${plan.takeBytes} bytes that were wanted`,
      )
    }
    const taken = wanted.subarray(0, left)
    left -= taken.length
    if (taken.length > 0) yield taken
    if (left === 0 && !plan.endsThere) return
  }
  if (left > 0) {
    throw new TruncatedError(
      `Cannot accept ${response.place}: found ${plan.takeBytes - left} bytes, wanted ${plan.takeBytes}`,
    )
  }
}

function checkLength(response: HttpResponse, wantedBytes: number): void {
  const foundBytes = announcedLength(response) ?? wantedBytes
  if (foundBytes === wantedBytes) return
  const message = `Cannot accept ${response.place}: found a length of ${foundBytes}, wanted ${wantedBytes}`
  throw foundBytes < wantedBytes ? new TruncatedError(message) : new SourceUnavailableError(message)
}

function checkContentRange(response: HttpResponse, sizeBytes: number, range: ByteRange): void {
  const found = String(response.headers['content-range'] ?? 'none')
  const wanted = `bytes ${range.offset}-${range.offset + range.length - 1}/`
  if (found === `${wanted}${sizeBytes}` || found === `${wanted}*`) return
  throw new SourceUnavailableError(
    `Cannot accept a part of ${response.place}: found range ${found}, wanted ${wanted}${sizeBytes}`,
  )
}
