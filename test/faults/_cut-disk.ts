// A disk whose power can be cut at any moment, many times.
//
//   memory/       tmpfs, so that a cut takes milliseconds
//   memory/drive  ext4 without journal, mounted at drive/
//   drive/image   what the disk has been given so far: the backing file of
//   disk/         ext4 with its defaults, where the work is done
//
// What is on the disk and in no cache is what stands in drive/image. Freezing drive/ holds every write of the loop device
// back, in the midst of an fsync too, so that a copy made meanwhile is the disk of one moment. What was written to disk/ and not
// synced is in the page cache of disk/ alone, and not in the copy.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../_wait-for.ts'
import { shell } from './_shell.ts'

/** Both signals are held back: a drive that stays frozen holds up whoever touches it. */
const COPY_FROZEN = `trap '' INT TERM
fsfreeze -f "$1" || exit 1
stat -c %s "$3"
cp --sparse=always "$1/image" "$2"; copied=$?
fsfreeze -u "$1" && exit "$copied"`

/** Reading must not write: a read of a frozen drive would wait for its end. */
const MOUNT = 'noatime'

/** A disk after a cut, repaired as the next boot would, and mounted. */
export interface RecoveredDisk {
  readonly path: string
  /** Let go of it, and of its bytes. */
  remove(): Promise<void>
}

/** A disk as it was when its power went. */
export interface CutOff {
  /** How long the witness was then. */
  readonly witnessBytes: number
  readonly recover: () => Promise<RecoveredDisk>
}

/** Why the power of a disk cannot be cut here, or false when it can. */
export function cutDiskMissing(): string | false {
  const reason =
    'cutting the power of a disk needs Linux, root, loop devices, e2fsprogs and fsfreeze'
  const has = (...command: readonly string[]): boolean =>
    spawnSync(command[0] ?? '', command.slice(1)).status === 0
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return reason
  if (!has('losetup', '--find') || !has('mke2fs', '-V') || !has('fsfreeze', '--version'))
    return reason
  const probe = mkdtempSync(join(tmpdir(), 'jarswarm-probe-'))
  try {
    if (!has('mount', '-t', 'tmpfs', 'tmpfs', probe)) return reason
    has('umount', probe)
    return false
  } finally {
    rmSync(probe, { recursive: true })
  }
}

export class CutDisk {
  readonly #base: string
  #cuts = 0

  private constructor(base: string) {
    this.#base = base
  }

  static async create(sizeMiB: number): Promise<CutDisk> {
    const disk = new CutDisk(mkdtempSync(join(tmpdir(), 'jarswarm-cut-')))
    const at = disk.#at.bind(disk)
    for (const name of ['memory', 'drive', 'disk']) mkdirSync(at(name))
    try {
      await shell(
        'mount',
        '-t',
        'tmpfs',
        '-o',
        `size=${String(4 * sizeMiB)}m`,
        'tmpfs',
        at('memory'),
      )
      await shell('truncate', '-s', `${String(sizeMiB + 64)}M`, at('memory', 'drive'))
      await shell('mke2fs', '-q', '-F', '-t', 'ext4', '-O', '^has_journal', at('memory', 'drive'))
      await shell('mount', '-o', `loop,${MOUNT}`, at('memory', 'drive'), at('drive'))
      await shell('fallocate', '-l', `${String(sizeMiB)}M`, at('drive', 'image'))
      await shell('mke2fs', '-q', '-F', '-t', 'ext4', at('drive', 'image'))
      await shell('mount', '-o', `loop,${MOUNT}`, at('drive', 'image'), at('disk'))
      return disk
    } catch (error) {
      await disk.remove()
      throw error
    }
  }

  /** Where the disk is mounted. */
  get path(): string {
    return this.#at('disk')
  }

  /**
   * Cut the power: whoever works on the disk goes on, and a copy of it stays as it was at one moment of this call.
   *
   * @param witness a file on another disk, to which is written meanwhile
   */
  async cut(witness: string): Promise<CutOff> {
    this.#cuts += 1
    const image = this.#at('memory', `cut-${String(this.#cuts)}`)
    const path = this.#at(`cut-${String(this.#cuts)}`)
    const length = await shell('sh', '-c', COPY_FROZEN, 'sh', this.#at('drive'), image, witness)
    const recover = async (): Promise<RecoveredDisk> => {
      mkdirSync(path)
      await repair(image)
      await shell('mount', '-o', `loop,${MOUNT}`, image, path)
      return {
        path,
        remove: async () => {
          await shell('umount', path)
          rmSync(path, { recursive: true })
          rmSync(image)
        },
      }
    }
    return { witnessBytes: Number(length), recover }
  }

  /** Unmount everything. Nobody may work on the disk any more. */
  async remove(): Promise<void> {
    for (const name of ['disk', 'drive', 'memory']) {
      const at = this.#at(name)
      // The loop device of the one above is let go of a moment after that was unmounted.
      await waitFor(`${at} to be unmounted`, () => {
        const isMounted = readFileSync('/proc/mounts', 'utf8').includes(` ${at} `)
        return !isMounted || spawnSync('umount', [at]).status === 0 || undefined
      })
    }
    rmSync(this.#base, { recursive: true })
  }

  #at(...names: readonly string[]): string {
    return join(this.#base, ...names)
  }
}

/** What the boot of a machine does. 1 says that there was something to repair, which is what it is for. */
async function repair(image: string): Promise<void> {
  try {
    await shell('e2fsck', '-fy', image)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 1)) throw error
  }
}
