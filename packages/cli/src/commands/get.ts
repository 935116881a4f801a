import type { GottenArtifact } from '@jarswarm/node'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SingleBar } from 'cli-progress'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { withData, withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { remark, sayJson } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { UnverifiedError } from '../unverified-error.ts'
import { withNode } from '../with-node.ts'

/** Smaller files are here before a bar could be read. */
const MIN_BAR_BYTES = 1024 * 1024

const UNVERIFIED = "it agrees with its origin's own checksum, and no signed index names it"

/** `jarswarm get`: fetch one artifact through the swarm. */
export function addGet(program: Command, { terminal }: CommandSetup): void {
  const command = withJson(withData(program.command('get')))
    .summary('fetch one artifact through the swarm, verified')
    .description(
      'Fetch one artifact through the swarm and write it to a file. Every byte is verified against the ' +
        'signed index before it is written; the file has its name only once it is whole. What no signed index ' +
        'names, of a proxied or an observed repository, is checked against the checksum of its origin alone, ' +
        'and the command says so; with --strict it refuses.\n\n' +
        'When no node runs on the data directory, one is started for the time of the command.',
    )
    .argument(
      '<repo/path>',
      'repository name and path: clojars/ring/ring-core/1.8.2/ring-core-1.8.2.jar',
    )
    .option(
      '-o, --output <file>',
      'file to write, - for standard output (default: named as the artifact)',
    )
    .option('--strict', 'refuse what no signed index names')
    .option('--offline', 'only what is stored here')
  command.action(async (address: string) => {
    const flags = givenFlags(command)
    const output = typeof flags['output'] === 'string' ? flags['output'] : basename(address)
    const { strict, ...nodeFlags } = flags
    const offline = flags['offline'] === true
    await withNode({ terminal, flags: nodeFlags, offline }, async (node) => {
      const artifact = await node.get(address, { signal: terminal.signal })
      try {
        if (strict === true && !artifact.verified) throw new UnverifiedError(address)
        await save(artifact, output, terminal)
      } finally {
        artifact.release()
      }
      const { digest, sizeBytes, source, verified } = artifact
      if (flags['json'] === true) {
        const document = { address, file: output, digest, bytes: sizeBytes, source, verified }
        if (output === '-') remark(terminal, JSON.stringify(document))
        else sayJson(terminal, document)
      } else if (output !== '-') {
        remark(terminal, `${output}: ${formatSize(sizeBytes)} from ${source}, SHA-256 ${digest}`)
      }
      if (!verified) remark(terminal, `not verified: ${UNVERIFIED}`)
    })
  })
}

async function save(artifact: GottenArtifact, output: string, terminal: Terminal): Promise<void> {
  const bytes = withProgress(artifact, terminal)
  if (output === '-') {
    await pipeline(bytes, terminal.out, { end: false, signal: terminal.signal })
    return
  }
  const partial = `${output}.part`
  try {
    await pipeline(bytes, createWriteStream(partial), { signal: terminal.signal })
    await rename(partial, output)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function* withProgress(
  { bytes, sizeBytes }: GottenArtifact,
  { err }: Terminal,
): AsyncIterable<Uint8Array> {
  if (err.isTTY !== true || sizeBytes < MIN_BAR_BYTES) {
    yield* bytes
    return
  }
  const bar = new SingleBar({
    stream: err,
    clearOnComplete: true,
    format: '{bar} {percentage}% of {size}, {eta_formatted} left',
  })
  bar.start(sizeBytes, 0, { size: formatSize(sizeBytes) })
  try {
    for await (const chunk of bytes) {
      bar.increment(chunk.length)
      yield chunk
    }
  } finally {
    bar.stop()
  }
}
