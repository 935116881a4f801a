import { Command, Help } from 'commander'
import { addAudit } from './commands/audit.ts'
import { addBootstrap } from './commands/bootstrap.ts'
import { addCheck } from './commands/check.ts'
import { addDemo } from './commands/demo.ts'
import { addDeny } from './commands/deny.ts'
import { addEvidence } from './commands/evidence.ts'
import { addExport } from './commands/export.ts'
import { addGet } from './commands/get.ts'
import { addHistory } from './commands/history.ts'
import { addImport } from './commands/import.ts'
import { addJoin } from './commands/join.ts'
import { addLock } from './commands/lock.ts'
import { addMirrors } from './commands/mirrors.ts'
import { addPeers } from './commands/peers.ts'
import { addRepo } from './commands/repo.ts'
import { addRepos } from './commands/repos.ts'
import { addRun } from './commands/run.ts'
import { addSetup } from './commands/setup.ts'
import { addStart } from './commands/start.ts'
import { addStatus } from './commands/status.ts'
import { addVerifyHistory } from './commands/verify-history.ts'
import type { CommandSetup } from './command-setup.ts'
import type { Terminal } from './terminal.ts'
import { programVersion } from './version.ts'

const ABOUT = `A peer-to-peer mirror for Maven repositories.

Each node keeps a signed index of the repository, fetches the files it lacks from other
nodes or the origin, checks every byte, and serves them to lein, clj, mvn and gradle
from http://127.0.0.1:8470/<repository name>/.`

const AFTER = `
See it work:           jarswarm demo
Follow a repository:   jarswarm start --join 'jarswarm:…'
Point a client at it:  jarswarm setup lein (or boot, clj, maven, gradle)
Publish your own:      jarswarm repo init, jarswarm repo publish, jarswarm repo serve

Options of a node may also stand in config.json in its data directory, as
{"quota": "20G", "mirror": ["org/clojure/**"]}, and in the environment, as
JARSWARM_QUOTA=20G. The command line goes before the environment, and that before
the file.

Exit codes: 0 done; 1 failed, or a difference was found; 2 wrong usage; 3 refused.`

/** Longer lines are hard to read in a wide terminal. */
const MAX_HELP_WIDTH = 96

/** The command line: all commands, their options and their help. Throws CommanderError instead of exiting. */
export function createProgram(
  terminal: Terminal,
  setExitCode: CommandSetup['setExitCode'],
): Command {
  const program = new Command('jarswarm')
    .description(ABOUT)
    .version(programVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', AFTER)
    .configureHelp({ helpWidth: Math.min(new Help().helpWidth ?? MAX_HELP_WIDTH, MAX_HELP_WIDTH) })
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      // Complaints are thrown, and reported in one place.
      outputError: () => undefined,
    })
    .exitOverride()
  const setup: CommandSetup = { terminal, setExitCode }
  for (const add of [
    addDemo,
    addStart,
    addJoin,
    addStatus,
    addPeers,
    addRepos,
    addMirrors,
    addGet,
    addImport,
    addAudit,
    addExport,
    addLock,
    addCheck,
    addHistory,
    addVerifyHistory,
    addEvidence,
    addDeny,
    addSetup,
    addRun,
    addBootstrap,
    addRepo,
  ]) {
    add(program, setup)
  }
  return program
}
