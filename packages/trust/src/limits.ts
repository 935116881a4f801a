import type { FormatLimits } from '@jarswarm/maven'

const SIGNED = {
  MAX_MANIFEST_BYTES: {
    value: 65_536,
    unit: 'bytes of a root manifest',
    why: 'it is one message of gossip; real ones take about 4 KiB',
  },
  MAX_HEADER_LENGTH: {
    value: 48,
    unit: 'characters of a header line of a root manifest',
    why: 'a word and two numbers of 16 digits; no line end is looked for beyond',
  },
  MAX_ROOT_BYTES: {
    value: 512_000,
    unit: 'bytes of a root',
    why: 'what TUF clients take; hundreds of keys have room',
  },
  MAX_ROOT_LEAD: {
    value: 256,
    unit: 'roots that a manifest may be ahead',
    why: 'more than a repository makes in centuries; a manifest that claims more leads nowhere',
  },
  MAX_PROPOSAL_BYTES: {
    value: 8_388_608,
    unit: 'bytes of a proposed root, with the roots before it',
    why: 'it is read whole; hundreds of roots of ordinary size have room',
  },
  MAX_EVIDENCE_BYTES: {
    value: 8_388_608,
    unit: 'bytes of evidence',
    why: 'it is read whole, and comes from strangers; real ones take about 60 KB',
  },
  MAX_MIRRORS: {
    value: 32,
    unit: 'mirrors on the signed list',
    why: 'more than nodes would ever try, and a quarter of a root manifest at most',
  },
  MAX_MIRROR_URL_LENGTH: {
    value: 512,
    unit: 'characters of the URL of a mirror',
    why: 'all of them travel in every root manifest',
  },
  MAX_LINK_LENGTH: {
    value: 16_384,
    unit: 'characters of a swarm link',
    why: 'people paste it; all its peers have room',
  },
  MAX_LINK_PEERS: {
    value: 16,
    unit: 'peers of a swarm link',
    why: 'a newcomer needs no more',
  },
  MAX_PEER_ADDRESS_LENGTH: {
    value: 512,
    unit: 'characters of the address of a peer',
    why: 'far above real ones; links, roots and notices carry it',
  },
  MAX_SCRYPT_WORK: {
    value: 4_194_304,
    unit: 'steps (N · r · p) of scrypt to open a private key',
    why: '2 s; ours have 655 360. The file of a key says itself what it costs',
  },
  MAX_PBKDF2_ROUNDS: {
    value: 4_000_000,
    unit: 'rounds of PBKDF2 to open a private key',
    why: 'some seconds; 600 000 are advised today',
  },
} satisfies FormatLimits

const AGES = {
  MAX_STALE_MS: {
    value: 2_592_000_000,
    unit: 'ms since a head was signed, until mutable files are given no more',
    why: 'a month without a signature',
  },
  MAX_CLOCK_LAG_MS: {
    value: 86_400_000,
    unit: "ms that a clock may be behind the publisher's",
    why: 'time zones do not explain more, and such a clock cannot say what is fresh',
  },
} satisfies FormatLimits

export const MAX_MANIFEST_BYTES: number = SIGNED.MAX_MANIFEST_BYTES.value
export const MAX_HEADER_LENGTH: number = SIGNED.MAX_HEADER_LENGTH.value
export const MAX_ROOT_BYTES: number = SIGNED.MAX_ROOT_BYTES.value
export const MAX_ROOT_LEAD: number = SIGNED.MAX_ROOT_LEAD.value
export const MAX_PROPOSAL_BYTES: number = SIGNED.MAX_PROPOSAL_BYTES.value
export const MAX_EVIDENCE_BYTES: number = SIGNED.MAX_EVIDENCE_BYTES.value
export const MAX_MIRRORS: number = SIGNED.MAX_MIRRORS.value
export const MAX_MIRROR_URL_LENGTH: number = SIGNED.MAX_MIRROR_URL_LENGTH.value
export const MAX_LINK_LENGTH: number = SIGNED.MAX_LINK_LENGTH.value
export const MAX_LINK_PEERS: number = SIGNED.MAX_LINK_PEERS.value
export const MAX_PEER_ADDRESS_LENGTH: number = SIGNED.MAX_PEER_ADDRESS_LENGTH.value
export const MAX_SCRYPT_WORK: number = SIGNED.MAX_SCRYPT_WORK.value
export const MAX_PBKDF2_ROUNDS: number = SIGNED.MAX_PBKDF2_ROUNDS.value

export const MAX_STALE_MS: number = AGES.MAX_STALE_MS.value
export const MAX_CLOCK_LAG_MS: number = AGES.MAX_CLOCK_LAG_MS.value

/** Bounds of roots, manifests, links and keys. */
export const TRUST_LIMITS: FormatLimits = SIGNED

/** Bounds of the age of heads. */
export const AGE_LIMITS: FormatLimits = AGES
