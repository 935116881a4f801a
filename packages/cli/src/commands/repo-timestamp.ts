import { checkClock, SystemClock } from '@jarswarm/node'
import { resignTimestamp } from '@jarswarm/publisher'
import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { lockWait } from '../lock-wait.ts'
import { withJson } from '../options.ts'
import { say, sayJson } from '../terminal.ts'
import { warnOfExpiry } from '../warn-of-expiry.ts'

interface Flags {
  readonly state: string
  readonly tree: string
  readonly json?: boolean
}

/** `jarswarm repo timestamp`: say that the newest state is still the newest. */
export function addRepoTimestamp(repo: Command, { terminal }: CommandSetup): void {
  const command = withJson(repo.command('timestamp'), 'print {seq} as JSON')
    .summary('sign that what is published is still current')
    .description(
      'Sign the published state anew, without a look at the files: nodes call a state stale when nobody signed it ' +
        'for 7 days. "repo publish" and "repo serve" do it each hour as they run; this is for cron when neither does.',
    )
    .requiredOption('--state <dir>', 'directory that "repo init" made')
    .requiredOption('--tree <dir>', 'the Maven repository as it stands published')
  command.action(async (flags: Flags) => {
    checkClock(new SystemClock())
    const lock = lockWait(terminal)
    const { seq } = await resignTimestamp({ stateDir: flags.state, treeDir: flags.tree, lock })
    if (flags.json === true) sayJson(terminal, { seq })
    else say(terminal, `head ${String(seq)} is signed anew`)
    await warnOfExpiry(terminal, flags.state)
  })
}
