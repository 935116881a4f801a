/**
 * What a request says of who sends it.
 *
 * @param remark what it is for, or whom to ask about it, where an operator should be able to tell; printable ASCII
 *   without parentheses
 */
export function userAgent(version: string, remark?: string): string {
  return remark === undefined ? `jarswarm/${version}` : `jarswarm/${version} (${remark})`
}
