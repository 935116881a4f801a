import { withoutSecrets } from '@jarswarm/http'
import { CommanderError } from 'commander'
import { codeOf, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, exitCodeOf } from './exit-code.ts'
import { firstError } from './first-error.ts'
import { createProgram } from './program.ts'
import { StoppedError, watchStopSignals } from './stop-signals.ts'
import { describeSystemError } from './system-error.ts'
import { remark } from './terminal.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/**
 * Run the `jarswarm` command.
 *
 * Results go to standard output. Errors are one sentence on standard error, or with `--json` one document
 * `{"error": {"code", "message"}}` there.
 *
 * @param argv arguments after the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = watchStopSignals()
  const terminal: Terminal = {
    in: process.stdin,
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    signal: stop.signal,
  }
  // Whoever reads the output may have seen enough of it, as in `jarswarm repos | head -1`.
  process.stdout.once('error', () => process.exit(EXIT_FAILURE))
  let exitCode = EXIT_OK
  try {
    const program = createProgram(terminal, (code) => {
      exitCode = code
    })
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, { terminal, json: argv.includes('--json') })
  } finally {
    stop.release()
  }
}

interface ReportOptions {
  readonly terminal: Terminal
  readonly json: boolean
}

function report(error: unknown, { terminal, json }: ReportOptions): number {
  if (error instanceof CommanderError && error.exitCode === EXIT_OK) return EXIT_OK
  // A command that needs a subcommand has shown its help instead.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT_USAGE
  const shown = terminal.signal.aborted
    ? new StoppedError('Stopped before the end')
    : fromCommander(firstError(error))
  const found =
    describeSystemError(shown) ?? (shown instanceof Error ? shown.message : String(shown))
  // What was typed may hold a password, and what is shown may end in a build's log.
  const message = withoutSecrets(found)
  if (json) remark(terminal, JSON.stringify({ error: { code: codeOf(shown), message } }))
  else remark(terminal, `jarswarm: ${message}`)
  const exitCode = exitCodeOf(shown)
  if (exitCode === EXIT_USAGE && !json)
    remark(terminal, 'Try "jarswarm --help", or --help after a command.')
  return exitCode
}

/** Commander's own complaints, in the words and with the exit code of all others. */
function fromCommander(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  const message = error.message.replace(/^error: /, '')
  return new UsageError(message.charAt(0).toUpperCase() + message.slice(1), { cause: error })
}
