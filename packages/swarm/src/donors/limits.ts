import type { LimitGroup, Limits } from '@jarswarm/ports'

/** The bounds of what is known of donors: who gets a place, and what telling of them may cost. */

const KIB = 1024
const MINUTE_MS = 60_000

const DONORS = {
  MAX_DONORS: {
    value: 1_024,
    unit: 'donors known of one repository',
    why: 'enough to hold Clojars hundreds of times; 1 KiB each',
  },
  MAX_UNPROVEN_DONORS: {
    value: 256,
    unit: 'of these, donors that were not found to hold what they claim',
    why: 'names are cheap to make: a flood of them leaves three quarters to others',
  },
  MAX_NOTICE_BYTES: {
    value: KIB,
    unit: "bytes of a donor's notice",
    why: '662 and its addresses',
  },
  MAX_NOTICE_ADDRESSES: {
    value: 4,
    unit: "addresses in a donor's notice",
    why: 'two families, and two ways in; more would make everybody dial whom the donor likes',
  },
  MAX_NOTICE_AHEAD_MS: {
    value: 10 * MINUTE_MS,
    unit: 'ms that a notice may be ahead of the clock',
    why: 'clocks are wrong; a notice from far ahead could not be followed by another one',
  },
  MAX_NOTICE_LIFE_MS: {
    value: 240 * MINUTE_MS,
    unit: 'ms that a notice counts',
    why: 'the most donors issue one in 34 minutes, and three in a row may be lost',
  },
  MAX_NOTICES_BYTES: {
    value: 256 * KIB,
    unit: 'bytes of notices in one answer',
    why: 'as many as get a place before they are proven',
  },
  MAX_NOTICE_REQUESTS_PER_SECOND: {
    value: 8,
    unit: 'requests for notices a second from one peer',
    why: 'each may cost an answer of 256 KiB; an honest node makes one a minute',
  },
  MAX_PULLS_PER_INTERVAL: {
    value: 60,
    unit: 'times that this node asks for notices between two regular ones, for followers that join',
    why: 'who comes and goes does not make it verify all the time: one answer takes it 50 ms',
  },
  MAX_WAITING_PULLS: {
    value: 8,
    unit: 'followers that joined and have yet to be asked for notices',
    why: 'a few tell what there is to tell, and the others get their turn by chance',
  },
} satisfies Limits

export const MAX_DONORS: number = DONORS.MAX_DONORS.value
export const MAX_UNPROVEN_DONORS: number = DONORS.MAX_UNPROVEN_DONORS.value
export const MAX_NOTICE_BYTES: number = DONORS.MAX_NOTICE_BYTES.value
export const MAX_NOTICE_ADDRESSES: number = DONORS.MAX_NOTICE_ADDRESSES.value
export const MAX_NOTICE_AHEAD_MS: number = DONORS.MAX_NOTICE_AHEAD_MS.value
export const MAX_NOTICE_LIFE_MS: number = DONORS.MAX_NOTICE_LIFE_MS.value
export const MAX_NOTICES_BYTES: number = DONORS.MAX_NOTICES_BYTES.value
export const MAX_NOTICE_REQUESTS_PER_SECOND: number = DONORS.MAX_NOTICE_REQUESTS_PER_SECOND.value
export const MAX_PULLS_PER_INTERVAL: number = DONORS.MAX_PULLS_PER_INTERVAL.value
export const MAX_WAITING_PULLS: number = DONORS.MAX_WAITING_PULLS.value

/** All of it, for people. */
export const DONOR_LIMITS: LimitGroup = { title: 'Donors of space', limits: DONORS }
