import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf } from '../exit-code.ts'

/** The name says whose it is from the first moment on: `jarswarm-demo-<process id>-<random>`. */
const NAME = /^jarswarm-demo-(\d+)-/

/** Make the directory of this process's demo. */
export function makeDemoDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), `jarswarm-demo-${String(process.pid)}-`))
}

/** Remove what a demo made; its processes have ended, or end within seconds and may still write. */
export async function removeDemoDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
}

/** Remove what demos left behind that were killed before they could do so themselves. */
export async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const directory = join(tmpdir(), name)
    const pid = Number(NAME.exec(name)?.[1])
    // Whoever made a directory of that name in a place where everybody writes: only our own is removed.
    if (pid > 0 && !isRunning(pid) && (await isOwn(directory))) await removeDemoDirectory(directory)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

async function isOwn(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path)
    return stats.isDirectory() && stats.uid === process.getuid?.()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
