import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Mutant } from './mutants.ts'

/** A mutant that makes the tests take so many times as long as they did without has been noticed: it waits for ever. */
const PATIENCE = 5
const FIRST_TIMEOUT_MS = 180_000

/** A copy of one package in which one mutant after the other is put on trial. */
export class Trial implements AsyncDisposable {
  readonly #root: string
  readonly #directory: string
  #timeoutMs = FIRST_TIMEOUT_MS

  private constructor(root: string, directory: string) {
    this.#root = root
    this.#directory = directory
  }

  static async create(packageName: string): Promise<Trial> {
    const root = await mkdtemp(join(tmpdir(), 'jarswarm-mutants-'))
    const directory = join(root, 'packages', packageName)
    await mkdir(directory, { recursive: true })
    for (const part of ['src', 'test', 'package.json']) {
      await cp(join('packages', packageName, part), join(directory, part), { recursive: true })
    }
    await symlink(resolve('node_modules'), join(root, 'node_modules'))
    return new Trial(root, directory)
  }

  /** Whether a test fails without any mutant. Do this first: it shows how long the tests take. */
  async failsAnyway(): Promise<boolean> {
    const start = performance.now()
    const fails = await this.#fails()
    this.#timeoutMs = Math.ceil((performance.now() - start) * PATIENCE)
    return fails
  }

  /** Whether a test fails with the mutant. */
  async notices(mutant: Mutant): Promise<boolean> {
    const path = join(this.#directory, mutant.file)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end))
    try {
      return (await this.#fails(nearTests(mutant))) || (await this.#fails())
    } finally {
      await writeFile(path, text)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }

  async #fails(tests = 'test/**/*.test.ts'): Promise<boolean> {
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--test', '--test-isolation=none', '--test-reporter=tap', tests],
      {
        cwd: this.#directory,
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: this.#timeoutMs,
        // A loop without an end hears of nothing else.
        killSignal: 'SIGKILL',
        // Inside of another test run, a test runner reports to that one.
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      },
    )
    const closed = once(child, 'close')
    // The first failure settles it.
    for await (const line of createInterface({ input: child.stdout })) {
      if (/^\s*not ok /.test(line)) child.kill('SIGKILL')
    }
    await closed
    return child.exitCode !== 0
  }
}

/** The tests that most likely notice a change of a file: those whose names begin with the same word. */
function nearTests({ file }: Mutant): string {
  const [word] = basename(file, '.ts').split('-')
  return `test/**/${word ?? ''}*.test.ts`
}
