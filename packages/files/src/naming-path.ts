/**
 * Have what the system says of an open file name that file: a failed write or sync does not say which one it was.
 *
 * @throws what `work` throws, with `path` where a system error has none
 */
export async function namingPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    namePath(error, path)
    throw error
  }
}

/** Give a system error the path of the file that it is about, unless it has one. */
export function namePath(error: unknown, path: string): void {
  if (!(error instanceof Error) || !('syscall' in error) || 'path' in error) return
  Object.assign(error, { path })
}
