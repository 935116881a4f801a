import { ShortBodyError, UnusableAnswerError } from './errors.ts'
import type { HttpResponse } from './send-request.ts'

/** A body would have to be decoded, and its length would say nothing. */
export function refuseEncoding(response: HttpResponse): void {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new UnusableAnswerError(
      `Cannot accept ${response.place}: found content encoding ${String(encoding)}, wanted none`,
    )
  }
}

/** The error for a status that carries no wanted body. */
export function unexpectedStatus(response: HttpResponse): UnusableAnswerError {
  return new UnusableAnswerError(
    `Cannot read ${response.place}: found status ${response.status}, wanted 200`,
    response.status,
  )
}

/** The announced length of a body, or undefined when the server announces none. */
export function announcedLength(response: HttpResponse): number | undefined {
  const length = response.headers['content-length']
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/**
 * Read a body of unknown length into memory.
 *
 * @throws {UnusableAnswerError} beyond `maxBytes`, before they are buffered
 * @throws {ShortBodyError} when less arrives than was announced
 */
export async function readWhole(response: HttpResponse, maxBytes: number): Promise<Uint8Array> {
  refuseEncoding(response)
  const announced = announcedLength(response)
  if ((announced ?? 0) > maxBytes) throw tooLong(response, maxBytes)
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLong(response, maxBytes)
    chunks.push(chunk)
  }
  checkLength(response, sizeBytes)
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/**
 * Compare the length of a body with what was announced.
 *
 * @throws {ShortBodyError} when it is shorter
 * @throws {UnusableAnswerError} when it is longer
 */
export function checkLength(response: HttpResponse, foundBytes: number): void {
  const wanted = announcedLength(response)
  if (wanted === undefined || wanted === foundBytes) return
  const message = `Cannot accept ${response.place}: found ${foundBytes} bytes, wanted ${wanted}`
  throw foundBytes < wanted ? new ShortBodyError(message) : new UnusableAnswerError(message)
}

function tooLong(response: HttpResponse, maxBytes: number): UnusableAnswerError {
  return new UnusableAnswerError(
    `Cannot accept ${response.place}: found more than ${maxBytes} bytes`,
  )
}
