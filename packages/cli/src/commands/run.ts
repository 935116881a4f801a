import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { withData } from '../options.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { runEnvironment } from '../setup/run-environment.ts'
import type { Replacement, SetupTarget } from '../setup/setup-plan.ts'
import { readSetupTarget } from '../setup/setup-target.ts'
import { UsageError } from '../usage-error.ts'
import { withTarget } from './setup.ts'

/** The same patience as that of the clients' own configuration. */
const PROBE_MS = 300
/** What a shell adds to the number of the signal that ended a command. */
const SIGNAL_BASE = 128

const ABOUT = `Run a command with the node in its environment if it answers, and as it is otherwise.

For clj and boot, which cannot look for the node by themselves: see "jarswarm setup".`

/** `jarswarm run -- COMMAND`: a build that uses the node while it answers. */
export function addRun(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withTarget(withData(program.command('run')))
    .argument('<command...>', 'what to run, after --')
    .summary('run a build with the node if it answers')
    .description(ABOUT)
  command.action(async (words: readonly string[]) => {
    const target = await readSetupTarget(givenFlags(command), terminal.env)
    const replacements = await thoseThatAnswer(target)
    const added = replacements.length === 0 ? {} : runEnvironment({ ...target, replacements })
    setExitCode(await runToEnd(words, { ...terminal.env, ...added }, terminal.signal))
  })
}

async function thoseThatAnswer({ replacements }: SetupTarget): Promise<readonly Replacement[]> {
  const answered = await Promise.all(replacements.map(({ probe }) => answers(probe)))
  return replacements.filter((_, at) => answered[at] === true)
}

async function answers(probe: string): Promise<boolean> {
  try {
    const response = await fetch(probe, { signal: AbortSignal.timeout(PROBE_MS) })
    await response.body?.cancel()
    return response.ok
  } catch {
    // Whatever the reason, the command runs without the node.
    return false
  }
}

async function runToEnd(
  [name = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const child = spawn(name, args, { env, stdio: 'inherit' })
  const stop = (): void => {
    child.kill('SIGTERM')
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const [code, ended] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? (ended === null ? EXIT_FAILURE : SIGNAL_BASE + constants.signals[ended])
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    throw new UsageError(`Cannot run ${name}: ${found}`, { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
