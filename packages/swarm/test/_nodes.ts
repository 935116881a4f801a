import type { TestContext } from 'node:test'
import type { Clock, Logger, Swarm } from '@jarswarm/ports'
import { MemorySwarmContent } from '@jarswarm/testkit'
import { createSwarm } from '../src/index.ts'
import type { SwarmInit } from '../src/index.ts'

export const REPOSITORY: string = 'ab'.repeat(32)
export const OTHER_REPOSITORY: string = 'cd'.repeat(32)

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return {
      cancel() {
        clearTimeout(timer)
      },
    }
  },
}

const DEBUG = process.env['SWARM_DEBUG'] !== undefined

function line(level: string): (fields: object, message: string) => void {
  return (fields, message) => {
    if (DEBUG) process.stderr.write(`${level} ${message} ${Object.values(fields).join(' ')}\n`)
  }
}

export const silentLogger: Logger = {
  debug: line('debug'),
  info: line('info'),
  warn: line('warn'),
  error: line('error'),
}

export interface TestNode {
  readonly swarm: Swarm
  readonly content: MemorySwarmContent
}

/** A started node on 127.0.0.1 that the test stops. */
export async function startNode(
  t: Pick<TestContext, 'after'>,
  init: Partial<SwarmInit> = {},
  content: MemorySwarmContent = new MemorySwarmContent([REPOSITORY]),
): Promise<TestNode> {
  const swarm = await createSwarm(
    { content, clock: systemClock, logger: silentLogger },
    {
      listen: ['/ip4/127.0.0.1/tcp/0'],
      ...init,
      limits: {
        inboundPerSecond: 1_000,
        holdingsDebounceMs: 20,
        noticeDebounceMs: 20,
        noticePullMs: 200,
        ...init.limits,
      },
    },
  )
  t.after(() => swarm.stop())
  await swarm.start()
  return { swarm, content }
}

/** Poll a condition; fails with its name after 60 s: the machine may be doing other things. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const untilMs = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > untilMs) throw new Error(`Cannot go on: ${what} did not come true in 60 s`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function joined(one: TestNode, other: TestNode): Promise<void> {
  return waitFor(
    'greeting',
    () =>
      one.swarm.followers(REPOSITORY).includes(other.swarm.peerId) &&
      other.swarm.followers(REPOSITORY).includes(one.swarm.peerId),
  )
}
