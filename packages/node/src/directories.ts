import envPaths from 'env-paths'

/** Where a node keeps its data unless it is told otherwise: the standard place of the user's system. */
export function defaultDataDirectory(): string {
  return envPaths('jarswarm', { suffix: '' }).data
}
