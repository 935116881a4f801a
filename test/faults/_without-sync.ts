// Loaded before a program (--import): what it writes at the places of one kind, named by UNSYNCED, is never synced there. What a
// power cut then takes shows what that sync is for, and that a run which finds no loss could have found one.
import fs, { promises } from 'node:fs'
import { Level } from 'level'
import { isDatabaseUnsynced, isUnsynced } from './_sync-sites.ts'
import type { UnsyncedSites } from './_sync-sites.ts'

const site = process.env['UNSYNCED'] as UnsyncedSites

await using handle = await promises.open(process.execPath, 'r')
type Sync = (this: { readonly fd: number }) => Promise<void>
const files = Object.getPrototypeOf(handle) as Record<'sync' | 'datasync', Sync>
for (const name of ['sync', 'datasync'] as const) {
  const sync = files[name]
  files[name] = async function () {
    const path = fs.readlinkSync(`/proc/self/fd/${String(this.fd)}`)
    if (!isUnsynced(site, path, fs.fstatSync(this.fd).isDirectory())) await sync.call(this)
  }
}

if (isDatabaseUnsynced(site)) {
  const level = Level.prototype as unknown as { batch: (...args: unknown[]) => Promise<void> }
  const { batch } = level
  level.batch = function (this: Level, operations: unknown, options: unknown) {
    return batch.call(this, operations, { ...(options as object), sync: false })
  }
}
