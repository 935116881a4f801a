import { SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { HttpResponse } from './http-response.ts'
import { announcedLength, refuseEncoding } from './response-body.ts'

/**
 * Read a body of unknown length into memory.
 *
 * @throws {SourceUnavailableError} beyond `maxBytes`, before they are buffered
 * @throws {TruncatedError} when less arrives than was announced
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
  if (announced !== undefined && sizeBytes < announced) {
    throw new TruncatedError(
      `Cannot accept ${response.url.href}: found ${sizeBytes} bytes, wanted ${announced}`,
    )
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

function tooLong(response: HttpResponse, maxBytes: number): SourceUnavailableError {
  return new SourceUnavailableError(
    `Cannot accept ${response.url.href}: found more than ${maxBytes} bytes`,
  )
}
