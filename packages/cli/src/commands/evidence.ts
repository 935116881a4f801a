import { open } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import {
  InvalidEvidenceError,
  judgeEvidence,
  MAX_EVIDENCE_BYTES,
  parseEvidence,
} from '@jarswarm/trust'
import type { EvidenceVerdict } from '@jarswarm/trust'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { EXIT_FAILURE } from '../exit-code.ts'
import { withJson } from '../options.ts'
import { printable, say, sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

/** `jarswarm evidence`: judge a file that accuses the keys of a repository. */
export function addEvidence(program: Command, { terminal, setExitCode }: CommandSetup): void {
  const command = withJson(program.command('evidence'))
    .summary('judge a file of evidence against the keys of a repository')
    .description(
      'Check a file of evidence by itself, without node and network: whether the keys of a repository signed two ' +
        'things of which only one can be true. Nodes keep such files below evidence/ in their data directory.\n\n' +
        'Exit code 0: it is proven. 1: the file proves nothing. 2: it cannot be read.',
    )
    .argument('<file>', 'the file of evidence')
  command.action(async (path: string) => {
    const asJson = givenFlags(command)['json'] === true
    const bytes = await readBounded(path)
    try {
      const verdict = judgeEvidence(parseEvidence(bytes))
      if (asJson) sayJson(terminal, { proven: true, ...verdict })
      else say(terminal, describe(verdict))
    } catch (error) {
      if (!(error instanceof InvalidEvidenceError)) throw error
      if (asJson) sayJson(terminal, { proven: false, reason: error.message })
      else say(terminal, `Proves nothing: ${printable(error.message)}`)
      setExitCode(EXIT_FAILURE)
    }
  })
}

function describe({ kind, repository, name, signedBy, says }: EvidenceVerdict): string {
  const { role, rootNumber } = signedBy
  const keys = role === 'root' ? 'the root keys' : 'the online keys'
  return [
    `PROVEN (${kind}): ${printable(says)}.`,
    `Signed by ${keys} of root ${String(rootNumber)} of ${name}, repository id ${repository}.`,
    'Compare this id with the one of the repository that you use.',
  ].join('\n')
}

/**
 * No more is read than a file of evidence may have; one byte beyond it is enough to refuse it.
 *
 * @throws {UsageError} when there is no such file
 */
async function readBounded(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(MAX_EVIDENCE_BYTES + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException
    const found = errno === undefined ? message : getSystemErrorMessage(errno)
    throw new UsageError(`Cannot read ${path}: ${found}, a file of evidence is wanted`, {
      cause: error,
    })
  }
}
