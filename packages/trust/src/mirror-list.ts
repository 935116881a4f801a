import { isOrigin } from '@jarswarm/manifest'
import { MAX_MIRRORS, MAX_MIRROR_URL_LENGTH } from './limits.ts'

/**
 * The one form of a mirror's URL: `http` or `https`, normalised, with a trailing slash; undefined when the text is no
 * HTTP base URL, has credentials, a query or a fragment, or is too long.
 */
export function toMirrorUrl(text: string): string | undefined {
  if (!isOrigin(text)) return undefined
  const { href } = new URL(text)
  const url = href.endsWith('/') ? href : `${href}/`
  return url.length > MAX_MIRROR_URL_LENGTH ? undefined : url
}

/**
 * What is wrong with a list of mirrors; undefined when nothing is. Each has its one form, so that none can stand there
 * twice, and they ascend, so that one set of mirrors has one list.
 */
export function mirrorListFault(list: unknown): string | undefined {
  if (!Array.isArray(list)) return 'no list'
  if (list.length > MAX_MIRRORS) return `${list.length} mirrors`
  let before = ''
  for (const url of list as readonly unknown[]) {
    if (typeof url !== 'string' || toMirrorUrl(url) !== url) return JSON.stringify(url)
    if (url <= before) return `${JSON.stringify(url)} after ${JSON.stringify(before)}`
    before = url
  }
  return undefined
}
