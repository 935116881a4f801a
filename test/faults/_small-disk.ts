// A disk that is small enough to be filled: a tmpfs, whose free space a ballast file takes and gives back.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shell } from './_shell.ts'

const CHUNK = new Uint8Array(4096)

/** Why a small disk cannot be mounted here, or false when it can. */
export function smallDiskMissing(): string | false {
  const reason = 'filling a disk needs Linux, root and tmpfs'
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return reason
  const probe = mkdtempSync(join(tmpdir(), 'jarswarm-probe-'))
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', probe]).status !== 0) return reason
    spawnSync('umount', [probe])
    return false
  } finally {
    rmSync(probe, { recursive: true })
  }
}

export class SmallDisk {
  /** Where it is mounted. */
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async create(sizeMiB: number): Promise<SmallDisk> {
    const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'jarswarm-small-')))
    await shell('mount', '-t', 'tmpfs', '-o', `size=${String(sizeMiB)}m`, 'tmpfs', disk.path)
    return disk
  }

  /** Take all space but so many bytes, at once: nobody else runs in this process meanwhile. */
  fill(leaveBytes: number): void {
    const file = openSync(this.#ballast, 'w')
    try {
      while (this.#freeBytes() > leaveBytes) writeSync(file, CHUNK)
    } catch (error) {
      // Whoever works on the disk was faster.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    } finally {
      closeSync(file)
    }
  }

  /** Give the space back. */
  empty(): void {
    rmSync(this.#ballast, { force: true })
  }

  /** Unmount it, and let it go as soon as the last who works on it is gone. */
  async remove(): Promise<void> {
    await shell('umount', '--lazy', this.path)
    rmSync(this.path, { recursive: true })
  }

  get #ballast(): string {
    return join(this.path, 'ballast')
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }
}
