// Every repetition is bounded: the text may be anybody's, and must not take quadratic time.

/** What stands before the host of a URL, of whatever kind: a name and a password. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>\\]{0,1000}@/gi
/** The query of an HTTP URL: what redirects to object stores and signed downloads carry their key in. */
const QUERY = /\b(https?:\/\/[^\s?#"'<>\\]{0,2000})\?[^\s#"'<>\\]*/gi

/** A text for people and logs, without the names, passwords and queries of URLs in it, whoever put them there. */
export function withoutSecrets(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(QUERY, '$1?***')
}
