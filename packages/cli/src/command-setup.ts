import type { Command } from 'commander'
import type { Terminal } from './terminal.ts'

/** What every command is made with. */
export interface CommandSetup {
  readonly terminal: Terminal
  /** Ends a command with another exit code than 0. */
  readonly setExitCode: (exitCode: number) => void
}

/** Options that stood on the command line, by commander's keys; defaults are left out. */
export function givenFlags(command: Command): Readonly<Record<string, unknown>> {
  const given = Object.entries(command.opts()).filter(
    ([key]) => command.getOptionValueSource(key) === 'cli',
  )
  return Object.fromEntries(given)
}
