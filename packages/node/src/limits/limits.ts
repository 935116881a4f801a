import type { LimitGroup, Limits } from '@jarswarm/ports'

/** The bounds of the node as a whole: its log, its file handles, and what commands may ask of it. */

const KIB = 1024
const MIB = 1024 * KIB

const LOG = {
  MAX_LINES_PER_KIND: {
    value: 20,
    unit: 'lines of one kind that are logged in a minute',
    why: 'nobody fills a disk by making a node complain; how many were left out is logged once the minute is over',
  },
  MAX_LINE_KINDS: {
    value: 256,
    unit: 'kinds of lines that are counted apart in a minute',
    why: 'there are about a hundred; further ones share one count',
  },
  MAX_LOGGED_CHARACTERS: {
    value: 2_000,
    unit: 'characters of a text that is logged',
    why: 'requests and errors hold what others wrote; the rest is cut off',
  },
} satisfies Limits

const COMMANDS = {
  MAX_BODY_BYTES: {
    value: 4 * MIB,
    unit: 'bytes of a command on the control socket',
    why: 'some hundreds of paths of a kilobyte, with the files that have them; nothing longer is ever sent',
  },
  MAX_LOOKUP_PATHS: {
    value: 512,
    unit: 'paths of one look-up',
    why: 'each may take some reads of the disk',
  },
  MAX_DENIALS: {
    value: 10_000,
    unit: 'digests and paths on the deny list',
    why: 'it is in memory, and a person keeps it',
  },
  MAX_CHECK_FINDINGS: {
    value: 10_000,
    unit: 'findings in the report of a check',
    why: 'it is one document in memory on both sides of the socket',
  },
} satisfies Limits

const TREE = {
  MAX_CHANGED_PATHS: {
    value: 100_000,
    unit: 'changed paths of a watched tree that are kept',
    why: 'some megabytes; above it the whole tree is looked at instead',
  },
} satisfies Limits

export const MAX_LINES_PER_KIND: number = LOG.MAX_LINES_PER_KIND.value
export const MAX_LINE_KINDS: number = LOG.MAX_LINE_KINDS.value
export const MAX_LOGGED_CHARACTERS: number = LOG.MAX_LOGGED_CHARACTERS.value

export const MAX_BODY_BYTES: number = COMMANDS.MAX_BODY_BYTES.value
export const MAX_LOOKUP_PATHS: number = COMMANDS.MAX_LOOKUP_PATHS.value
export const MAX_DENIALS: number = COMMANDS.MAX_DENIALS.value
export const MAX_CHECK_FINDINGS: number = COMMANDS.MAX_CHECK_FINDINGS.value

export const MAX_CHANGED_PATHS: number = TREE.MAX_CHANGED_PATHS.value

/** All of it, for people. */
export const NODE_LIMITS: readonly LimitGroup[] = [
  { title: 'Log', limits: LOG },
  { title: 'Commands', limits: COMMANDS },
  { title: 'Publishing a tree', limits: TREE },
]
