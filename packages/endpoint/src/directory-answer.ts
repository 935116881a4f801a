import type { ArtifactSource } from '@jarswarm/ports'
import { UnavailableError } from '@jarswarm/ports'
import escapeHtml from 'escape-html'
import type { Answer } from './answer.ts'
import { toAnswer } from './answer.ts'
import { MAX_LISTED_NAMES } from './limits.ts'
import { untilAborted } from './until-aborted.ts'

/** Whose directory is listed, and where its root stands. */
export interface DirectoryRequest {
  readonly source: ArtifactSource
  readonly signal: AbortSignal
  /** With slashes at both ends. @defaultValue `/<repository name>/` */
  readonly base?: string
}

/**
 * A listing for people, from the index. Links are absolute, so that it works with and without trailing slash.
 *
 * @param directory without trailing slash; the empty string is the root
 * @throws {UnavailableError} when the index cannot say
 */
export async function answerDirectory(
  request: DirectoryRequest,
  directory: string,
): Promise<Answer> {
  const { source, signal, base = `/${source.name}/` } = request
  const limit = MAX_LISTED_NAMES + 1
  const names = await untilAborted(source.list(directory, { limit, signal }), signal)
  if (names === undefined)
    throw new UnavailableError(
      source.proxied === true
        ? `Nothing of this folder of ${source.name} was fetched yet, and its origin is not searched`
        : `The index of ${source.name} is not here yet, so nothing is listed`,
    )
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  }
  return toAnswer(200, headers, listing(base, directory, names))
}

function listing(base: string, directory: string, names: readonly string[]): string {
  const place = directory === '' ? base : `${base}${directory}/`
  const parent = place === '/' ? '/' : place.replace(/[^/]+\/$/, '')
  const shown = names.slice(0, MAX_LISTED_NAMES)
  const lines = [link(parent, '../'), ...shown.map((name) => link(place + name, name))]
  const more =
    names.length > shown.length ? `\n<p>Only the first ${shown.length} are shown.</p>` : ''
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(place)}</title>
<h1>${escapeHtml(place)}</h1>
<pre>
${lines.join('\n')}
</pre>${more}
</html>
`
}

function link(path: string, text: string): string {
  const href = path.split('/').map(encodeURIComponent).join('/')
  return `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`
}
