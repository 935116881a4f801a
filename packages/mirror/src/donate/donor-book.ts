import { hasSlice, slicesIn } from '@jarswarm/manifest'
import type { SliceSet } from '@jarswarm/manifest'
import type { Clock, Donor, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { DONATION_PACE } from './donation-pace.ts'
import type { DonationPace } from './donation-pace.ts'
import { MAX_REMEMBERED_DONORS } from './limits.ts'
import { JITTER } from '../wait/periodic.ts'
import type { ShareDonor } from './share-plan.ts'

/** Between two proofs of a donor that gave one. */
export const PROVE_INTERVAL_MS = 3_600_000
/** A proof counts for so long when the donor cannot be reached meanwhile: most laptops can be only now and then. */
export const PROOF_LIFE_MS = 86_400_000
/** Files in a row that a donor may lack: its index may be older or newer, and a file lost to all. */
export const MAX_LACKED = 3
/** A donor that lied, or lacked too much, is none for so long. */
export const REFUTED_MS = 86_400_000

interface Account {
  slices: SliceSet
  grewMs: number
  dueMs: number
  provenMs: number | undefined
  refutedUntilMs: number
  lacked: number
  retryMs: number
}

export interface DonorBookComponents {
  readonly swarm: Pick<Swarm, 'donors' | 'proveDonor'>
  readonly clock: Clock
  readonly random: () => number
}

export interface DonorBookInit extends Partial<Pick<DonationPace, 'retryMs'>> {
  readonly repository: RepositoryId
}

/** What this node knows of the donors of a repository from its own experience. */
export class DonorBook {
  readonly #components: DonorBookComponents
  readonly #repository: RepositoryId
  readonly #retryMs: number
  readonly #accounts = new Map<PeerName, Account>()

  constructor(components: DonorBookComponents, init: DonorBookInit) {
    this.#components = components
    this.#repository = init.repository
    this.#retryMs = init.retryMs ?? DONATION_PACE.retryMs
  }

  /** All that donate now but those that were found to lie. */
  donors(): readonly ShareDonor[] {
    const nowMs = this.#nowMs()
    return this.#live().flatMap(({ donor, account }) => {
      if (account.refutedUntilMs > nowMs) return []
      const { peer, donatedBytes, slices, range } = donor
      const { grewMs } = account
      return [{ peer, donatedBytes, slices, range, grewMs, proven: isProven(account, nowMs) }]
    })
  }

  /** Donors that are to give a proof now, those first that never gave one. */
  due(): readonly Donor[] {
    const nowMs = this.#nowMs()
    return this.#live()
      .filter(({ donor, account }) => {
        const mayBeAsked = account.dueMs <= nowMs && account.refutedUntilMs <= nowMs
        return mayBeAsked && slicesIn(donor.slices).next().done !== true
      })
      .sort((a, b) => (a.account.provenMs ?? 0) - (b.account.provenMs ?? 0))
      .map(({ donor }) => donor)
  }

  /** Whether a peer was found to claim what it does not have. */
  isRefuted(peer: PeerName): boolean {
    return (this.#accounts.get(peer)?.refutedUntilMs ?? 0) > this.#nowMs()
  }

  /** It gave a file that was drawn at random. */
  gave(peer: PeerName): void {
    const jitter = 1 + JITTER * (2 * this.#components.random() - 1)
    const nowMs = this.#nowMs()
    this.#update(peer, {
      provenMs: nowMs,
      lacked: 0,
      retryMs: this.#retryMs,
      dueMs: nowMs + PROVE_INTERVAL_MS * jitter,
    })
    this.#components.swarm.proveDonor(this.#repository, peer, true)
  }

  /** It said that it does not have a file of a slice that it claims. */
  lacked(peer: PeerName): void {
    const lacked = (this.#accounts.get(peer)?.lacked ?? 0) + 1
    this.#update(peer, { lacked, dueMs: this.#nowMs() + this.#retryMs })
    if (lacked >= MAX_LACKED) this.lied(peer)
  }

  /** It gave other bytes, or lacked too much. */
  lied(peer: PeerName): void {
    this.#update(peer, {
      provenMs: undefined,
      lacked: 0,
      refutedUntilMs: this.#nowMs() + REFUTED_MS,
    })
    this.#components.swarm.proveDonor(this.#repository, peer, false)
  }

  /** It could not be reached, or did not answer. */
  silent(peer: PeerName): void {
    const { retryMs = this.#retryMs } = this.#accounts.get(peer) ?? {}
    this.#update(peer, {
      dueMs: this.#nowMs() + retryMs,
      retryMs: Math.min(retryMs * 2, PROVE_INTERVAL_MS),
    })
  }

  #live(): { readonly donor: Donor; readonly account: Account }[] {
    const donors = this.#components.swarm.donors(this.#repository)
    const live = donors.map((donor) => ({ donor, account: this.#account(donor) }))
    this.#forget(new Set(donors.map(({ peer }) => peer)))
    return live
  }

  #account({ peer, slices }: Donor): Account {
    const nowMs = this.#nowMs()
    const known = this.#accounts.get(peer)
    if (known !== undefined) {
      if (hasMore(slices, known.slices)) known.grewMs = nowMs
      known.slices = slices
      return known
    }
    const account: Account = {
      slices,
      grewMs: nowMs,
      dueMs: nowMs,
      provenMs: undefined,
      refutedUntilMs: 0,
      lacked: 0,
      retryMs: this.#retryMs,
    }
    this.#accounts.set(peer, account)
    return account
  }

  /** Of those that left, only liars are remembered, the newest of them. */
  #forget(live: ReadonlySet<PeerName>): void {
    const nowMs = this.#nowMs()
    const gone = [...this.#accounts].filter(([peer]) => !live.has(peer))
    const liars = gone.filter(([, { refutedUntilMs }]) => refutedUntilMs > nowMs)
    const kept = new Set(liars.slice(-MAX_REMEMBERED_DONORS).map(([peer]) => peer))
    for (const [peer] of gone) if (!kept.has(peer)) this.#accounts.delete(peer)
  }

  #update(peer: PeerName, change: Partial<Account>): void {
    const account = this.#accounts.get(peer)
    if (account !== undefined) Object.assign(account, change)
  }

  #nowMs(): number {
    return this.#components.clock.monotonicMs()
  }
}

function isProven({ provenMs }: Account, nowMs: number): boolean {
  return provenMs !== undefined && nowMs - provenMs < PROOF_LIFE_MS
}

function hasMore(slices: SliceSet, before: SliceSet): boolean {
  if (slices === before) return false
  for (const slice of slicesIn(slices)) if (!hasSlice(before, slice)) return true
  return false
}
