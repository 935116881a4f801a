import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'

/** Let a call to the system fail with `code` where `isRefused` says so of its path, as long as the test runs or until it is undone. */
export function refuse(
  t: TestContext,
  name: 'lstatSync' | 'watch',
  { code, isRefused }: { readonly code: string; readonly isRefused: (path: string) => boolean },
): () => void {
  const real = fs[name] as (...given: unknown[]) => unknown
  const mock = t.mock.method(fs, name, ((...given: unknown[]) => {
    if (isRefused(String(given[0]))) throw Object.assign(new Error(`${code}: ${name}`), { code })
    return real(...given)
  }) as never)
  syncBuiltinESMExports()
  const undo = (): void => {
    mock.mock.restore()
    syncBuiltinESMExports()
  }
  t.after(undo)
  return undo
}

/** Let the system have room for so many watches and no more, as long as the test runs. */
export function refuseWatches(t: TestContext, room: number): void {
  let calls = 0
  const isRefused = (): boolean => {
    calls += 1
    return calls > room
  }
  refuse(t, 'watch', { code: 'ENOSPC', isRefused })
}
