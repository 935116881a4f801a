// Loaded before a program (--import): nothing that it writes is ever synced. What a power cut then takes shows what the
// syncs are for, and that a run which finds no loss could have found one.
import fs, { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Level } from 'level'

const done = (...args: readonly unknown[]): void => {
  const callback = args.at(-1)
  if (typeof callback === 'function') process.nextTick(callback, null)
}

await using handle = await promises.open(process.execPath, 'r')
const fileHandle = Object.getPrototypeOf(handle) as Record<'sync' | 'datasync', () => Promise<void>>
fileHandle.sync = fileHandle.datasync = () => Promise.resolve()
Object.assign(fs, { fsync: done, fdatasync: done, fsyncSync: done, fdatasyncSync: done })
syncBuiltinESMExports()

const level = Level.prototype as unknown as { batch: (...args: unknown[]) => Promise<void> }
const { batch } = level
level.batch = function (this: Level, operations: unknown, options: unknown) {
  return batch.call(this, operations, { ...(options as object), sync: false })
}
