import { join } from 'node:path'
import { ControlClient } from '@jarswarm/node'
import type { NodeControl } from '@jarswarm/node'
import type { RepositoryStatus } from '@jarswarm/ports'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { describeLimits } from '../describe-limits.ts'
import { formatDuration } from '../duration.ts'
import { dataDirectory } from '../node-settings.ts'
import { withData, withJson } from '../options.ts'
import { formatSize } from '../size.ts'
import { printable, say, sayJson } from '../terminal.ts'

type Status = Awaited<ReturnType<NodeControl['status']>>

/** `jarswarm status`: what the running node does, has and knows. */
export function addStatus(program: Command, { terminal }: CommandSetup): void {
  const command = withJson(withData(program.command('status')))
    .summary('show what the running node does, has and knows')
    .description(
      'Show what the running node does, has and knows. With --limits, every bound that it keeps to: how much of it is ' +
        'used, why it is there, and what changes it.',
    )
    .option('--limits', 'show the bounds of the node instead')
  command.action(async () => {
    const flags = givenFlags(command)
    const dataDir = dataDirectory(flags, terminal.env)
    const node = new ControlClient(dataDir)
    if (flags['limits'] === true) {
      const limits = await node.limits({ signal: terminal.signal })
      if (flags['json'] === true) sayJson(terminal, limits)
      else say(terminal, describeLimits(limits))
      return
    }
    const status = await node.status({ signal: terminal.signal })
    if (flags['json'] === true) sayJson(terminal, status)
    else say(terminal, describe(status, dataDir))
  })
}

function describe(status: Status, dataDir: string): string {
  const { store, peers, served } = status
  const { bySource } = served
  return [
    `jarswarm ${status.version}, up for ${formatDuration(status.uptimeSeconds)}`,
    `peer id       ${status.peerId}`,
    ...status.listen.map((address) => `listens on    ${address}`),
    ...status.repositories.map((repository) => `repository    ${describeRepository(repository)}`),
    ...status.repositories.flatMap(describeDonation),
    ...status.repositories.flatMap((repository) => describeContradictions(repository, dataDir)),
    ...status.repositories.flatMap(describeWarnings),
    ...(status.proxied ?? []).map(
      ({ name, origin, served: { requests: asked, bytes, bySource: from } }) =>
        `proxied       ${name} from ${origin}, not signed: ${String(asked)} requests, ${formatSize(bytes)}; ` +
        `files from the store ${String(from.store)}, the origin ${String(from.origin)}`,
    ),
    ...(status.public ?? []).map(
      ({ name, url, listed }) =>
        `public        ${name} at ${url}, ${listed === null ? 'list of mirrors not known yet' : listed ? 'on the signed list of mirrors' : `not on the signed list of mirrors: ask its operator for "jarswarm repo mirrors add ${url}"`}`,
    ),
    `store         ${String(store.blobs)} blobs, ${formatSize(store.bytes)} of ${formatSize(store.quotaBytes)}`,
    `peers         ${String(peers.connected)} connected, ${String(peers.known)} known`,
    `served        ${String(served.requests)} requests, ${formatSize(served.bytes)}`,
    `              from the store ${String(bySource.store)}, peers ${String(bySource.peer)}, ` +
      `mirrors ${String(bySource.mirror)}, the origin ${String(bySource.origin)}`,
  ].join('\n')
}

function describeRepository({ name, head, freshness, index }: RepositoryStatus): string {
  if (head === null) return `${name}: no head yet`
  const age = formatDuration(head.ageSeconds)
  const complete = index.complete ? 'complete' : `still arriving, ${String(index.files)} files here`
  return (
    `${name}: head ${String(head.seq)}, ${age} old, ${freshness}; ` +
    `${String(head.files)} files, ${formatSize(head.bytes)}; index ${complete}`
  )
}

/** What this node keeps for the swarm. */
function describeDonation({ name, donation }: RepositoryStatus): readonly string[] {
  if (donation === undefined) return []
  const { usedBytes, donatedBytes, slices, donors, copies } = donation
  return [
    `donated       ${name}: ${formatSize(usedBytes)} of ${formatSize(donatedBytes)} used for ${String(slices)} slices; ` +
      `${String(donors)} other donors; every file is held at least ${String(copies.least)} times of ${String(copies.wanted)}`,
  ]
}

/** What the keys of a repository should not have signed. */
function describeContradictions(
  { name, history, evidence = [] }: RepositoryStatus,
  dataDir: string,
): readonly string[] {
  const { heldBack = null, fault = null } = history ?? {}
  return [
    ...(heldBack?.refused === true ? [printable(`REFUSED       ${name}: ${heldBack.reason}`)] : []),
    ...(fault === null ? [] : [printable(`FAULT         ${name}: ${fault}`)]),
    ...evidence.map(
      (file) =>
        `evidence      ${name}: its keys signed a contradiction: jarswarm evidence ${join(dataDir, 'evidence', file)}`,
    ),
  ]
}

/** What a user should know of a repository: files that builds got and that were taken back, and heads that are held back. */
function describeWarnings({ name, history, withdrawn }: RepositoryStatus): readonly string[] {
  const heldBack = history?.heldBack
  const served = (withdrawn?.files ?? []).flatMap(({ path, reason, servedAt }) =>
    servedAt === null ? [] : [{ path, reason, last: servedAt.last }],
  )
  return [
    ...(heldBack?.held === true
      ? [`held back     ${name}: head ${String(heldBack.seq)}: ${heldBack.reason}`]
      : []),
    ...((withdrawn?.count ?? 0) > 0
      ? [
          `withdrawn     ${name}: ${String(withdrawn?.count)} files, of which builds got ${String(served.length)} from this node`,
        ]
      : []),
    ...served.map(({ path, reason, last }) =>
      printable(
        `              ${path}, last on ${last.slice(0, 16)}: ${reason ?? 'no reason given'}`,
      ),
    ),
  ]
}
