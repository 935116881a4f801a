// Hostile peers in a process of their own, each from an address of its own.
import { setPriority } from 'node:os'
import { startWirePeer } from '../../swarm/_wire-peer.ts'
import type { Manner, WirePeer } from '../../swarm/_wire-peer.ts'
import { answerParent, childInit } from '../_child.ts'
import { SeededRandom } from '../_random.ts'
import type { Attack, AttackContext, Target } from './attack.ts'
import { crowd, mutes } from './connections.ts'
import { frames } from './frames.ts'
import { falseHeads, tellAll, topics } from './gossip.ts'
import { floods, ghosts, records } from './records.ts'
import { refusedBy } from './refusal.ts'
import { streams } from './streams.ts'
import { summaries } from './summaries.ts'
import { values } from './values.ts'

const ATTACKS = {
  crowd,
  falseHeads,
  floods,
  frames,
  ghosts,
  mutes,
  records,
  streams,
  summaries,
  topics,
  values,
}
/** A byte a second. */
const TRICKLE_MS = 1_000

/** What a peer does of its own accord. */
export type AttackName = keyof typeof ATTACKS

export interface HostileInit {
  readonly seed: number
  readonly repository: string
  readonly projects: readonly string[]
  readonly targets: readonly Target[]
  /** Base64. */
  readonly heads: { readonly forged: string; readonly old: string; readonly forked: string }
  /** Peers that claim everything, and answer in a manner. */
  readonly manners: readonly Manner[]
  readonly attacks: readonly AttackName[]
  /** Third number of the addresses that they come from: 127.66.n.1, 127.66.n.2 … */
  readonly range: number
  /** As `nice`: whoever attacks has a machine of his own, and must not take this one's processors. */
  readonly niceness: number
}

export type HostileQuestion =
  | { readonly kind: 'begin' }
  | { readonly kind: 'meet'; readonly target: Target }
  /** Push this head, Base64, as attackers push theirs, and to all. */
  | { readonly kind: 'tell'; readonly head: string }
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' }

export interface HostileReport {
  /** What was done how often. */
  readonly figures: Readonly<Record<string, number>>
  /** The peers that answer: name, manner, how often they were asked, and whom they lied to how often. */
  readonly peers: readonly {
    readonly name: string
    readonly manner: Manner
    readonly asked: number
    readonly lies: Readonly<Record<string, number>>
  }[]
}

const init = childInit() as HostileInit
const stopping = new AbortController()
const figures: Record<string, number> = {}
const peers: { readonly manner: Manner; readonly peer: WirePeer }[] = []
const endings: (() => Promise<void>)[] = []
const attacks: Promise<void>[] = []
setPriority(init.niceness)

const fromBase64 = (text: string): Uint8Array => Buffer.from(text, 'base64')

const heads = {
  forged: fromBase64(init.heads.forged),
  old: fromBase64(init.heads.old),
  forked: fromBase64(init.heads.forked),
}

const addressOf = (at: number): string => `127.66.${String(init.range)}.${String(at + 1)}`

function count(what: string, more = 1): void {
  figures[what] = (figures[what] ?? 0) + more
}

async function meet({ address }: Target): Promise<void> {
  for (const { peer } of peers) {
    try {
      await peer.connect(address)
    } catch (error) {
      // Whom it lied to may have banned it.
      count(refusedBy(error))
    }
  }
}

/** Of the attacker with an address of its own, by its number. */
function contextOf(name: string, at: number): AttackContext {
  const { repository, projects, targets, seed } = init
  const random = new SeededRandom(seed + at)
  const { signal } = stopping
  return { name, repository, projects, targets, heads, from: addressOf(at), random, signal, count }
}

async function begin(): Promise<void> {
  const { targets } = init
  const shown = Object.values(heads)
  for (const [at, manner] of init.manners.entries()) {
    const manifest = shown[at % shown.length] ?? heads.old
    const wire = {
      repository: init.repository,
      manner,
      manifest,
      from: addressOf(at),
      trickleMs: TRICKLE_MS,
    }
    const after = (ending: () => Promise<void>): void => void endings.push(ending)
    peers.push({ manner, peer: await startWirePeer({ after }, wire) })
  }
  for (const target of targets) await meet(target)
  for (const [at, name] of init.attacks.entries()) {
    const context = contextOf(name, init.manners.length + at)
    const attack: Attack = ATTACKS[name]
    attacks.push(attack(context))
  }
}

function report(): HostileReport {
  return {
    figures,
    peers: peers.map(({ manner, peer }) => ({
      name: peer.name,
      manner,
      asked: peer.asked(),
      lies: Object.fromEntries(peer.lies),
    })),
  }
}

answerParent(async (question: HostileQuestion) => {
  switch (question.kind) {
    case 'begin':
      await begin()
      break
    case 'meet':
      await meet(question.target)
      break
    case 'tell':
      await tellAll(
        contextOf('tell', init.manners.length + init.attacks.length),
        fromBase64(question.head),
      )
      break
    case 'stop':
      stopping.abort()
      await Promise.all(attacks)
      break
    case 'report':
      break
  }
  return report()
})
