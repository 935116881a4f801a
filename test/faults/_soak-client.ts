import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { SeededRandom } from './_random.ts'
import type { SoakRepository } from './_soak-repository.ts'

/** Requests after which a client begins anew, as a build does. */
const REQUESTS_A_BUILD = 60

/** What clients did. */
export interface ClientTally {
  requests: number
  bytes: number
  /** Paths that are not there, while a newer head was being checked: it may name them. */
  unsaid: number
  /** Files that could not be had just then, with the reason. */
  readonly refused: string[]
  /** Bodies that were left in the middle. */
  abandoned: number
}

export interface SoakClientInit {
  /** Base URL of the repository at the node. */
  readonly url: string
  /** Mean wait between two requests. */
  readonly pauseMs: number
}

/** Ask for one thing after the other over one connection, until the signal; throws at the first wrong answer. */
export async function runClient(
  { repository, random, tally }: ClientComponents,
  { url, pauseMs }: SoakClientInit,
  signal: AbortSignal,
): Promise<void> {
  let agent = newAgent()
  try {
    for (let count = 1; !signal.aborted; count += 1) {
      await askOnce({ repository, random, tally }, url, agent)
      await delay(random.below(2 * pauseMs + 1), undefined, { signal }).catch(() => undefined)
      if (count % REQUESTS_A_BUILD !== 0) continue
      agent.destroy()
      agent = newAgent()
    }
  } finally {
    agent.destroy()
  }
}

export interface ClientComponents {
  readonly repository: SoakRepository
  readonly random: SeededRandom
  readonly tally: ClientTally
}

function newAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 })
}

/** As {@link askChecked}; an answer that breaks off is none, and no wrong one. */
async function askOnce(components: ClientComponents, url: string, agent: Agent): Promise<void> {
  try {
    await askChecked(components, url, agent)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
    components.tally.refused.push(`an answer: ${error.message}`)
  }
}

async function askChecked(
  { repository, random, tally }: ClientComponents,
  url: string,
  agent: Agent,
): Promise<void> {
  const path = repository.paths[random.below(repository.paths.length)] ?? ''
  tally.requests += 1
  switch (random.below(10)) {
    case 0: {
      const { status } = await ask(`${url}${path}-missing`, agent)
      assert.ok(status === 404 || status === 424, `${String(status)} for what is not there`)
      if (status === 424) tally.unsaid += 1
      return
    }
    case 1: {
      const answer = await ask(`${url}${path}.sha1`, agent)
      if (answer.status !== 200) tally.refused.push(`${path}.sha1: ${answer.phrase}`)
      return
    }
    case 2:
      tally.abandoned += 1
      await abandon(`${url}${path}`, agent)
      return
    default: {
      const answer = await ask(`${url}${path}`, agent)
      tally.bytes += answer.body.length
      if (answer.status !== 200) tally.refused.push(`${path}: ${answer.phrase}`)
      else assert.ok(repository.isRight(path, answer.body), `wrong bytes: ${path}`)
    }
  }
}

async function ask(
  url: string,
  agent: Agent,
): Promise<{ readonly status: number; readonly phrase: string; readonly body: Buffer }> {
  const asked = request(url, { agent })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  asked.on('error', (error) => response.destroy(error))
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const phrase = response.statusMessage ?? ''
  return { status: response.statusCode ?? 0, phrase, body: Buffer.concat(chunks) }
}

/** Leave once the answer has begun. */
async function abandon(url: string, agent: Agent): Promise<void> {
  const asked = request(url, { agent })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  // What is cut is reset.
  asked.on('error', () => undefined)
  response.on('error', () => undefined)
  response.destroy()
}
