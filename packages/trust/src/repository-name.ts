const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/**
 * Whether a text can name a repository: it becomes the first segment of URLs and a key in configurations.
 *
 * At most 64 lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit; so it is never `-`,
 * below which the node's own pages stand.
 */
export function isRepositoryName(text: string): boolean {
  return NAME.test(text)
}
