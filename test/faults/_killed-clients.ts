import { setTimeout as delay } from 'node:timers/promises'
import { sha256 } from '@jarswarm/manifest'
import { deployedJar, formatDeployed } from './_deployed.ts'
import type { KilledNode } from './_killed-node.ts'
import type { PublisherProcess } from './_publisher-process.ts'
import type { SeededRandom } from './_random.ts'
import { ViolationError } from './_violation-error.ts'

/** Longest wait of a client between two requests. */
const MAX_PAUSE_MS = 60

/** How requests were answered. */
export interface ClientCounts {
  /** With the right bytes. */
  served: number
  /** 424, or an answer that broke off, or none. */
  refused: number
}

export interface ClientInit {
  readonly node: KilledNode
  readonly publisher: PublisherProcess
  readonly random: SeededRandom
  readonly counts: ClientCounts
}

/** Ask a node for one release after the other while it serves. @throws {ViolationError} for a wrong answer */
export async function askOnAndOn(init: ClientInit, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(init.random.below(MAX_PAUSE_MS))
    const url = init.node.command.ready?.http
    if (typeof url === 'string' && (await ask(init, url))) init.counts.served += 1
    else if (typeof url === 'string') init.counts.refused += 1
  }
}

/** @returns whether it was served */
async function ask({ node, publisher, random }: ClientInit, url: string): Promise<boolean> {
  const version = 1 + random.below(publisher.versions)
  const path = deployedJar(version)
  // What is answered later is answered by this head or a newer one.
  const { inUse } = node.acknowledged
  let answer: Response
  let bytes: Uint8Array
  try {
    answer = await fetch(`${url}/sample/${path}`)
    bytes = new Uint8Array(await answer.arrayBuffer())
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
  if (answer.status === 424) return false
  if (answer.status === 404 && publisher.headOf(version) > inUse) return false
  if (answer.status !== 200) throw new ViolationError('status', `${path}: ${String(answer.status)}`)
  const wanted = formatDeployed(version)[1]?.bytes ?? new Uint8Array()
  if (sha256(bytes) !== sha256(wanted)) throw new ViolationError('bytes', path)
  return true
}
