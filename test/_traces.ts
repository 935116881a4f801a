// What a run makes outside of its process: directories, mounts, network namespaces and other processes. All of it bears a mark, so
// that nothing stays behind however the run ends.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { removeNamespaces } from './_namespaces.ts'

/** Processes get so long to end by themselves: one of them may hold a frozen drive. */
const PATIENCE_MS = 10_000
const POLL_MS = 50

/** The mark: the directory for temporary files, which child processes inherit by their environment. */
export class Traces {
  readonly #directory = mkdtempSync(join(tmpdir(), 'jarswarm-run-'))

  constructor() {
    process.env['TMPDIR'] = this.#directory
  }

  /** End and remove all of it; nothing of this process runs between that and what its caller does next. */
  async remove(): Promise<void> {
    await this.#endProcesses()
    await this.#unmount()
    removeNamespaces()
    this.#removeDirectory()
  }

  /** The run may be removing the same at this time; where that was quicker, one removal ends early and says nothing. */
  #removeDirectory(): void {
    const end = performance.now() + PATIENCE_MS
    do rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 })
    while (existsSync(this.#directory) && performance.now() < end)
  }

  async #endProcesses(): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    for (let processes = this.#processes(); processes.length > 0; processes = this.#processes()) {
      const signal = performance.now() < end ? 'SIGTERM' : 'SIGKILL'
      for (const id of processes) tryKill(id, signal)
      await delay(POLL_MS)
    }
  }

  async #unmount(): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    for (let mounts = this.#mounts(); mounts.length > 0; mounts = this.#mounts()) {
      for (const mount of mounts) {
        // A drive that is frozen cannot be unmounted.
        spawnSync('fsfreeze', ['--unfreeze', mount])
        spawnSync('umount', [mount])
      }
      // The loop device of the one above is let go of a moment after that was unmounted.
      if (performance.now() > end) return
      await delay(POLL_MS)
    }
  }

  /** Those that were started in this run, whoever started them. Systems without /proc do not say. */
  #processes(): readonly number[] {
    return readNames('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((name) => this.#isMarked(name))
      .map(Number)
  }

  /** Some, as nginx, write their title over their environment: these work in a directory of the run. */
  #isMarked(id: string): boolean {
    const variables = tryRead(`/proc/${id}/environ`).split('\0')
    return (
      variables.includes(`TMPDIR=${this.#directory}`) ||
      tryRead(`/proc/${id}/cmdline`).includes(`${this.#directory}/`)
    )
  }

  /** The last one first, as one may stand in another. */
  #mounts(): readonly string[] {
    const paths = tryRead('/proc/self/mounts')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
    return paths.filter((path) => path.startsWith(`${this.#directory}/`)).reverse()
  }
}

/** It may have ended meanwhile. */
function tryKill(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Empty for a process that has ended, and where there is no /proc. */
function tryRead(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function readNames(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
