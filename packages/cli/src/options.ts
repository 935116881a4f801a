import type { Command } from 'commander'

/** Gather the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** Add `--json`, which every command but `run` has. */
export function withJson(command: Command, result = 'print one JSON document'): Command {
  return command.option('--json', result)
}

/** Add `--data`, which every command that knows a node has. */
export function withData(command: Command): Command {
  return command.option(
    '--data <dir>',
    "the node's data directory (default: the user's standard one)",
  )
}
