import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { namingPath } from '@jarswarm/files'
import { isErrno } from './errno.ts'
import { StateLockedError } from './errors.ts'

/** Someone who holds a lock takes it away under another's hands only if it died, so two tries are one too many. */
const MAX_TRIES = 5

/** Another look at a lock that somebody holds. */
const LOOK_AGAIN_MS = 250

export interface LockOptions {
  /** How long to wait for a publisher that is at work. @defaultValue 0 */
  readonly waitMs?: number | undefined
  /** Called once, when there is somebody to wait for. */
  readonly onWait?: ((pid: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Released by `await using`. */
export interface StateLock extends AsyncDisposable {
  readonly path: string
}

/**
 * Keep other publishers away from a state directory.
 *
 * The lock is a file that names its process, so that one left by a killed process is recognised and taken over. It
 * spares two publishers useless work; that no two states get one number is sure without it, for a state is committed
 * by a rename that fails when the number is taken.
 *
 * @throws {StateLockedError} when a living process holds it, and goes on holding it
 */
export async function lockState(stateDir: string, options: LockOptions = {}): Promise<StateLock> {
  const path = join(stateDir, 'lock')
  const mine = join(stateDir, `lock.${String(process.pid)}.${crypto.randomUUID()}`)
  const identity = `${String(process.pid)} ${await startOf(process.pid)}\n`
  try {
    await namingPath(mine, () => writeFile(mine, identity, { mode: 0o600 }))
    const wait = waitFor(stateDir, options)
    for (let attempt = 1; !(await tryLink(mine, path));) {
      const holder = await readLock(path)
      if (holder === undefined) continue
      if (await isAlive(holder)) await wait(holder.pid)
      else if (attempt === MAX_TRIES) throw new StateLockedError(stateDir, holder.pid)
      else {
        attempt += 1
        await takeAway(path, `${mine}.stale`)
      }
    }
  } finally {
    await rm(mine, { force: true })
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { force: true })
    },
  }
}

/** Waits a moment at each call, until the time is over. */
function waitFor(
  stateDir: string,
  { waitMs = 0, onWait, signal }: LockOptions,
): (pid: number) => Promise<void> {
  // The wait begins when there is somebody to wait for, so that a slow disk before does not shorten it.
  let endMs: number | undefined
  return async (pid) => {
    const isSaid = endMs !== undefined
    endMs ??= performance.now() + waitMs
    if (performance.now() >= endMs) throw new StateLockedError(stateDir, pid)
    if (!isSaid) onWait?.(pid)
    try {
      await sleep(LOOK_AGAIN_MS, undefined, signal && { signal })
    } catch (error) {
      throw signal?.reason ?? error
    }
  }
}

interface Holder {
  readonly pid: number
  readonly start: string
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

async function readLock(path: string): Promise<Holder | undefined> {
  try {
    const [pid = '', start = ''] = (await readFile(path, 'utf8')).trim().split(' ')
    return { pid: Number.parseInt(pid, 10) || 0, start }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Of several who see one dead lock, only the one whose rename succeeds removes it. */
async function takeAway(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw error
  }
  await rm(aside, { force: true })
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.pid <= 0) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (isErrno(error, 'ESRCH')) return false
  }
  // A process that got the number of a dead one began at another time.
  const start = await startOf(holder.pid)
  return start === holder.start || start === '-' || holder.start === '-'
}

/** When a process began, in the system's own unit together with the boot; `-` where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    // Field 22; the command's name, field 2, is in parentheses and may hold anything.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot.trim()}:${ticks ?? ''}`
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'ESRCH')) return '-'
    throw error
  }
}
