/**
 * What a bench needs, before it begins.
 *
 * @param missing what is not there and how it would come, as of `missingNginx`
 * @throws when anything is
 */
export function needAll(...missing: readonly (string | undefined)[]): void {
  const named = missing.filter((what) => what !== undefined)
  if (named.length > 0) throw new Error(`Cannot measure: ${named.join('; ')}`)
}
