import { Argument } from 'commander'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { dataDirectory } from '../node-settings.ts'
import { withData, withJson } from '../options.ts'
import { applySetup, undoSetup } from '../setup/apply-setup.ts'
import type { SetupOutcome } from '../setup/apply-setup.ts'
import { CLIENTS } from '../setup/clients.ts'
import { hasOtherUsers } from '../setup/other-users.ts'
import { SetupRecords } from '../setup/setup-record.ts'
import { readSetupTarget } from '../setup/setup-target.ts'
import { say, sayJson } from '../terminal.ts'

const ABOUT = `Point a client at the node of this machine, and back with --undo.

A client that is set up works exactly as before while the node is off. The rest of its
configuration is kept as it is, comments included, and a copy is left beside each file
that is changed. A mirror that somebody configured is never bypassed: the command stops.`

const UNDO_NOTES: Readonly<Record<string, string>> = {
  maven:
    'The next build must be online once: Maven checks again where the files it got from the node come from.',
}

const OTHERS_NOTE =
  'Other people have an account on this machine, and while the node is off any of them can listen on its port ' +
  'and answer builds instead. With --https they cannot.'

/** `jarswarm setup CLIENT`: point a client at the node. */
export function addSetup(program: Command, { terminal }: CommandSetup): void {
  const command = withTarget(withJson(withData(program.command('setup'))))
    .addArgument(new Argument('<client>', 'which one').choices(Object.keys(CLIENTS)))
    .summary('point lein, boot, clj, maven or gradle at the node')
    .description(ABOUT)
    .option('--undo', 'take it back')
    .option('--print', 'only show what would be put where')
  command.action(async (client: string) => {
    const flags = givenFlags(command)
    const { undo, print, json, ...rest } = flags
    const target = await readSetupTarget(rest, terminal.env)
    const plans = CLIENTS[client]?.(target) ?? []
    if (print === true) {
      if (json === true)
        sayJson(
          terminal,
          plans.map(({ file, snippet, notes }) => ({ file, snippet, notes })),
        )
      else
        for (const { file, snippet, notes } of plans)
          say(terminal, [`In ${file}:`, '', snippet, '', ...notes].join('\n'))
      return
    }
    const records = new SetupRecords(dataDirectory(rest, terminal.env), client)
    const isUndone = undo === true
    const outcomes = await (isUndone ? undoSetup(plans, records) : applySetup(plans, records))
    const undoNote = UNDO_NOTES[client]
    const doneNotes = plans.flatMap(({ notes }) => notes)
    if (target.certificate === undefined && (await hasOtherUsers())) doneNotes.push(OTHERS_NOTE)
    const notes = isUndone ? (undoNote === undefined ? [] : [undoNote]) : doneNotes
    if (json === true) sayJson(terminal, { client, files: outcomes, notes })
    else say(terminal, [...outcomes.map(describe), ...notes].join('\n'))
  })
}

/** Options that say where the node is, and what it stands for. */
export function withTarget(command: Command): Command {
  return command
    .option(
      '--as <ids>',
      'repositories that the node stands for: clojars, central (default: clojars)',
    )
    .option('--node <host:port>', "the node's address (default: that of its settings)")
    .option('--https [host:port]', 'use the node over TLS')
}

const RESULTS: Readonly<Record<SetupOutcome['result'], string>> = {
  written: 'written',
  unchanged: 'is as it should be',
  restored: 'is as it was before',
  edited: 'was changed since; only the part of this command was taken out',
  removed: 'removed',
  absent: 'is not there',
}

function describe({ file, result, backup }: SetupOutcome): string {
  const copy =
    result === 'written' && backup !== null ? `; what was there before is in ${backup}` : ''
  return `${file} ${RESULTS[result]}${copy}`
}
