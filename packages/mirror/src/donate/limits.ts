import type { LimitGroup, Limits } from '@jarswarm/ports'

const DONATIONS = {
  MAX_DONORS_PER_BLOB: {
    value: 4,
    unit: 'donors that are connected to for one blob',
    why: 'several have it, and liars among them cost time',
  },
  MAX_PROOFS_AT_ONCE: {
    value: 4,
    unit: 'donors asked for a proof at the same time',
    why: 'a piece each: builds have the line',
  },
  MAX_REMEMBERED_DONORS: {
    value: 2_048,
    unit: 'donors that left and are remembered as liars',
    why: 'names are cheap to make',
  },
} satisfies Limits

export const MAX_DONORS_PER_BLOB: number = DONATIONS.MAX_DONORS_PER_BLOB.value
export const MAX_PROOFS_AT_ONCE: number = DONATIONS.MAX_PROOFS_AT_ONCE.value
export const MAX_REMEMBERED_DONORS: number = DONATIONS.MAX_REMEMBERED_DONORS.value

/** Bounds of donated space, for people. */
export const DONATION_LIMITS: LimitGroup = { title: 'Donated space', limits: DONATIONS }
