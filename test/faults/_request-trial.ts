import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { FRAMING_TRAITS } from './_framing-traits.ts'
import { HEADER_TRAITS } from './_header-traits.ts'
import { readAnswers } from './_request-answers.ts'
import type { ReadAnswer } from './_request-answers.ts'
import { plainDraft, writeDraft } from './_request-draft.ts'
import type { Draft, Surroundings, Trait } from './_request-draft.ts'
import { drawTarget } from './_request-targets.ts'
import type { Site } from './_request-targets.ts'
import type { SeededRandom } from './_random.ts'

const MAX_TRAITS = 3
/** For a connection to end, on a machine that does other things too. */
const PATIENCE_MS = 20_000
/** What a refused body is drained for. */
const DRAIN_MS = 2_000
/** After the answer a connection ends in a moment, unless it waits for time to pass. */
const MOMENT_MS = 5

/** Where requests go, and what lets its time pass. */
export interface Target {
  readonly site: Site
  readonly port: number
  readonly pass: (ms: number) => void
  /** Fails unless an answer is one that its request may have. */
  readonly judge: (answer: ReadAnswer, draft: Draft, site: Site) => void
}

/** A hostile request with the harmless one that follows it on the same connection. */
export interface Trial {
  readonly draft: Draft
  readonly next: Draft
  /** What is sent, in the pieces in which it is sent. */
  readonly pieces: readonly string[]
}

/** How a trial ended. */
export interface TrialResult {
  /** Of the hostile request. */
  readonly status: number
  /** Processor time of client and endpoint until it was answered. */
  readonly cpuMs: number
}

/** A hostile request that follows from what is drawn. */
export function drawTrial(random: SeededRandom, site: Site): Trial {
  const [victim = '', smuggled = ''] = site.files.keys()
  const nextDraft = plainDraft(`/${site.repository}/${victim}`, site.host)
  nextDraft.lines.push('Connection: close')
  const inner = writeDraft(plainDraft(`/${site.repository}/${smuggled}`, site.host))
  const surroundings: Surroundings = { random, site, inner }
  const draft = plainDraft(drawTarget(random, site), site.host)
  const host = random.below(4) === 0 ? site.publicHost : site.host
  draft.hosts = [host]
  for (const trait of drawTraits(random)) trait(draft, surroundings)
  const text = writeDraft(draft) + writeDraft(nextDraft)
  const cut = random.below(5) === 0 ? random.below(text.length) : text.length
  return { draft, next: nextDraft, pieces: [text.slice(0, cut), text.slice(cut)] }
}

/** Some traits, each at most once: half of the time only headers, so that something is answered too. */
function drawTraits(random: SeededRandom): ReadonlySet<Trait> {
  const all = random.below(2) === 0 ? HEADER_TRAITS : [...HEADER_TRAITS, ...FRAMING_TRAITS]
  const traits = new Set<Trait>()
  for (let count = random.below(MAX_TRAITS + 1); count > 0; count -= 1) {
    const trait = all[random.below(all.length)]
    if (trait !== undefined) traits.add(trait)
  }
  return traits
}

/** Send a hostile request, and fail unless what comes is what may come. */
export async function tryRequest(trial: Trial, target: Target): Promise<TrialResult> {
  const { draft, next } = trial
  const { bytes, cpuMs } = await converse(trial.pieces, target)
  const answers = readAnswers(bytes, [draft.method, next.method])
  const [first, second, third] = answers
  assert.ok(first, 'no answer at all')
  target.judge(first, draft, target.site)
  assert.equal(third, undefined, 'an answer to nothing')
  if (draft.closes) assert.equal(second, undefined, 'an answer to what may not be a request')
  else if (!first.last) assert.ok(second, 'no answer to the next request')
  if (second !== undefined) target.judge(second, next, target.site)
  return { status: first.status, cpuMs }
}

async function converse(
  pieces: readonly string[],
  { port, pass }: Target,
): Promise<{ readonly bytes: Buffer; readonly cpuMs: number }> {
  const begin = process.threadCpuUsage()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const chunks: Buffer[] = []
  const answered = Promise.withResolvers<undefined>()
  const closed = once(socket, 'close')
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    answered.resolve(undefined)
  })
  // A reset behind an answer: what was sent too much was not read.
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    answered.resolve(undefined)
  })
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    await turn()
  }
  await within(answered.promise)
  const { user, system } = process.threadCpuUsage(begin)
  if ((await Promise.race([closed, delay(MOMENT_MS)])) === undefined) pass(DRAIN_MS)
  await within(closed)
  return { bytes: Buffer.concat(chunks), cpuMs: (user + system) / 1_000 }
}

async function within(promise: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error('Cannot go on: the connection stands still'))
  }, PATIENCE_MS)
  try {
    await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
