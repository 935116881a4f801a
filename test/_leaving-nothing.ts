import { constants } from 'node:os'
import { Traces } from './_traces.ts'

/** Whatever happens to the work, a signal included, nothing of what it makes outside of this process stays behind. */
export async function leavingNothing(work: () => Promise<void>): Promise<void> {
  const traces = new Traces()
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      // It comes twice, from the terminal and from npm, and must not end this before all is taken away.
      process.on(signal, () => {
        process.stderr.write(`${signal}: taking away what the run made\n`)
        reject(new InterruptedError(128 + constants.signals[signal]))
      })
  })
  try {
    await Promise.race([work(), interrupted])
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    await traces.remove()
    // The run was left in the midst of its work, and would go on with it.
    process.exit(error.exitCode)
  } finally {
    await traces.remove()
  }
}

class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly exitCode: number

  constructor(exitCode: number) {
    super('The run was interrupted')
    this.exitCode = exitCode
  }
}
