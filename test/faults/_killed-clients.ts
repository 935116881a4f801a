import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { sha256 } from '@jarswarm/manifest'
import type { Ready } from '../_jarswarm.ts'
import { deployedJar, formatDeployed } from './_deployed.ts'
import { refusalOf } from './_kill-refusal.ts'
import type { KillRefusal } from './_kill-refusal.ts'
import type { KilledCommand } from './_killed-command.ts'
import type { KilledNode } from './_killed-node.ts'
import type { PublisherProcess } from './_publisher-process.ts'
import type { SeededRandom } from './_random.ts'
import { ViolationError } from './_violation-error.ts'

/** Longest wait of a client between two requests. */
const MAX_PAUSE_MS = 60
/**
 * A server that serves for so long can be had by everybody: a request waits for its decision for 7 s at most, and may share a fetch
 * that was begun as long before.
 */
const SETTLED_MS = 15_000
/** Who asks again and again has to be served within so long, though all that he asks are being killed. */
const MAX_REFUSED_MS = 300_000

/** How requests were answered. */
export interface ClientCounts {
  /** With the right bytes. */
  served: number
  readonly refused: Partial<Record<KillRefusal, number>>
}

export interface AskInit {
  readonly node: KilledNode
  /** The server, which has everything. */
  readonly primary: KilledCommand
  readonly publisher: PublisherProcess
  /** Whether what does not come in time while the server serves is asked for again, and no violation: on a machine that may be busy. */
  readonly isPatient: boolean
}

export interface ClientInit extends AskInit {
  readonly random: SeededRandom
  readonly counts: ClientCounts
}

/** Ask a node for one release after the other while it serves. @throws {ViolationError} for a wrong answer */
export async function askOnAndOn(init: ClientInit, signal: AbortSignal): Promise<void> {
  const { random, counts, node, publisher, isPatient } = init
  let again: { readonly version: number; readonly sinceMs: number } | undefined
  while (!signal.aborted) {
    await delay(random.below(MAX_PAUSE_MS))
    const { ready } = node.command
    if (ready === undefined) continue
    const version = again?.version ?? 1 + random.below(publisher.versions)
    const refusal = await ask(init, ready, version)
    if (refusal === undefined) counts.served += 1
    else counts.refused[refusal] = (counts.refused[refusal] ?? 0) + 1
    if (refusal === undefined || !isPatient) again = undefined
    else again ??= { version, sinceMs: performance.now() }
    if (again !== undefined && performance.now() - again.sinceMs > MAX_REFUSED_MS)
      throw new ViolationError('status', `${deployedJar(version)} never came: ${String(refusal)}`)
  }
}

/**
 * Ask a node that serves for a release.
 *
 * @returns why it was refused; undefined when it was served
 * @throws {ViolationError} for a wrong answer, and one that it had no reason for
 */
export async function ask(
  init: AskInit,
  ready: Ready,
  version: number,
): Promise<KillRefusal | undefined> {
  const { node, publisher } = init
  const path = deployedJar(version)
  // What is answered later is answered by this head or a newer one.
  const { inUse } = node.acknowledged
  const { isInFirstSync } = node
  const answer = await get(`${String(ready.http)}/sample/${path}`)
  if (answer instanceof TypeError) {
    if (node.command.ready !== ready) return 'killed meanwhile'
    throw new ViolationError('status', `${path} broke off: ${inspect(answer)}`)
  }
  const { status, bytes } = answer
  if (status === 404 && publisher.headOf(version) > inUse) return 'not in the head in use'
  if (status === 424) return judge424(init, Buffer.from(bytes).toString(), isInFirstSync)
  if (status !== 200) throw new ViolationError('status', `${path}: ${String(status)}`)
  const wanted = formatDeployed(version)[1]?.bytes ?? new Uint8Array()
  if (sha256(bytes) !== sha256(wanted)) throw new ViolationError('bytes', path)
  return undefined
}

/** @returns what `fetch` throws when there is no answer, or it breaks off */
async function get(
  url: string,
): Promise<TypeError | { readonly status: number; readonly bytes: Uint8Array }> {
  try {
    const answer = await fetch(url)
    return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) }
  } catch (error) {
    if (error instanceof TypeError) return error
    throw error
  }
}

function judge424(init: AskInit, text: string, isInFirstSync: boolean): KillRefusal {
  const { node, primary, isPatient } = init
  const servedMs = primary.servedMs()
  const hasServer = !isPatient && servedMs > SETTLED_MS
  const refusal = refusalOf(text, { isInFirstSync, hasServer })
  if (refusal !== undefined) return refusal
  const since = `the server serves since ${servedMs.toFixed(0)} ms`
  throw new ViolationError('status', `${node.dataDir}: 424 ${text.trimEnd()}; ${since}`)
}
