import type { Dispatcher } from 'undici'
import { UnusableAnswerError } from './errors.ts'

/** Redirects followed for one request: a CDN needs one, a loop never ends. */
export const MAX_REDIRECTS = 3

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export interface HttpRequest {
  readonly url: URL
  readonly method: 'GET' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
}

/** An answer that is not a redirect; its body must be read or destroyed. */
export interface HttpResponse {
  /** Where it came from in the end, for messages: what a redirect carried beside the path is nobody else's business. */
  readonly place: string
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly body: Dispatcher.ResponseData['body']
}

/**
 * Send a request and follow its redirects.
 *
 * @throws {UnusableAnswerError} for a redirect that leads nowhere, too far, or from https to http
 */
export async function sendRequest(
  dispatcher: Dispatcher,
  request: HttpRequest,
): Promise<HttpResponse> {
  let url = request.url
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: request.headers,
      signal: request.signal ?? null,
    })
    // Whoever destroys a body makes it emit an error that nobody is there to hear.
    body.on('error', () => undefined)
    if (!REDIRECTS.has(statusCode))
      return { place: placeOf(url), status: statusCode, headers, body }
    body.destroy()
    url = redirectTarget(url, headers['location'])
  }
  throw new UnusableAnswerError(
    `Cannot read ${placeOf(request.url)}: found more than ${MAX_REDIRECTS} redirects`,
  )
}

function redirectTarget(from: URL, location: string | string[] | undefined): URL {
  const target = typeof location === 'string' ? URL.parse(location, from.href) : null
  if (target === null) {
    throw new UnusableAnswerError(`Cannot read ${placeOf(from)}: redirect without a valid location`)
  }
  // Bytes are verified whatever the transport, but which files somebody reads is not for everyone on the way.
  const downgraded = from.protocol === 'https:' && target.protocol !== 'https:'
  if (downgraded || !['http:', 'https:'].includes(target.protocol)) {
    throw new UnusableAnswerError(
      `Cannot read ${placeOf(from)}: redirect to ${target.protocol}, wanted ${from.protocol}`,
    )
  }
  return target
}

function placeOf({ origin, pathname }: URL): string {
  return origin + pathname
}
