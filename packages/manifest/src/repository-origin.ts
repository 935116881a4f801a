import { MAX_ORIGIN_LENGTH } from './limits.ts'

/** Whether a text is an HTTP base URL: `http:` or `https:`, without credentials, query or fragment. */
export function isOrigin(text: string): boolean {
  if (text.length > MAX_ORIGIN_LENGTH || !/^https?:\/\/[\x21-\x7e]+$/i.test(text)) return false
  const url = URL.parse(text)
  if (url === null) return false
  return url.username === '' && url.password === '' && !/[?#]/.test(text)
}
