import {
  MAX_HEAD_BYTES,
  MAX_OBJECT_BYTES,
  MAX_REASON_BYTES,
  MAX_WITHDRAWALS,
  MAX_WITHDRAWALS_PER_DAY,
} from '@jarswarm/manifest'
import {
  MAX_CLOSURE_DEPTH,
  MAX_CLOSURE_POMS,
  MAX_PATH_BYTES,
  MAX_PATH_SEGMENTS,
  MAX_SEGMENT_BYTES,
  MAX_XML_BYTES,
} from '@jarswarm/maven'
import type { LimitGroup } from '@jarswarm/ports'
import {
  MAX_LINK_LENGTH,
  MAX_LINK_PEERS,
  MAX_MANIFEST_BYTES,
  MAX_MIRRORS,
  MAX_ROOT_BYTES,
  MAX_ROOT_LEAD,
} from '@jarswarm/trust'

/**
 * The bounds of the formats, for people. They stand beside the parsers that hold to them, in packages that know nothing
 * of nodes; a node with others would disagree with its peers about what is signed.
 */
export const FORMAT_LIMITS: readonly LimitGroup[] = [
  {
    title: 'Paths and POMs',
    fixed: true,
    limits: {
      MAX_PATH_BYTES: {
        value: MAX_PATH_BYTES,
        unit: 'bytes of a repository path',
        why: 'no real one comes near, and each is part of URLs and of the index',
      },
      MAX_PATH_SEGMENTS: {
        value: MAX_PATH_SEGMENTS,
        unit: 'segments of a repository path',
        why: 'no real one comes near',
      },
      MAX_SEGMENT_BYTES: {
        value: MAX_SEGMENT_BYTES,
        unit: 'bytes of a segment',
        why: 'what file systems take',
      },
      MAX_XML_BYTES: {
        value: MAX_XML_BYTES,
        unit: 'bytes of a POM that is read',
        why: 'larger ones are given to clients, and nothing is fetched ahead after them',
      },
      MAX_CLOSURE_POMS: {
        value: MAX_CLOSURE_POMS,
        unit: 'POMs in one closure',
        why: 'a hint must not turn into a crawl',
      },
      MAX_CLOSURE_DEPTH: {
        value: MAX_CLOSURE_DEPTH,
        unit: 'dependencies in a chain',
        why: 'real chains are shorter, and circles end',
      },
    },
  },
  {
    title: 'Index, history and withdrawals',
    fixed: true,
    limits: {
      MAX_OBJECT_BYTES: {
        value: MAX_OBJECT_BYTES,
        unit: 'bytes of an index node, piece list or part of the list of withdrawals',
        why: 'each is held in memory and sent in one message',
      },
      MAX_HEAD_BYTES: {
        value: MAX_HEAD_BYTES,
        unit: 'bytes of a head',
        why: 'it travels in every root manifest',
      },
      MAX_REASON_BYTES: {
        value: MAX_REASON_BYTES,
        unit: 'bytes of the reason of a withdrawal',
        why: 'clients print it on one line',
      },
      MAX_WITHDRAWALS: {
        value: MAX_WITHDRAWALS,
        unit: 'withdrawn paths of a repository',
        why: 'the list is in the memory of each node',
      },
      MAX_WITHDRAWALS_PER_DAY: {
        value: MAX_WITHDRAWALS_PER_DAY,
        unit: 'paths withdrawn in a day without the root keys',
        why: 'stolen online keys must not empty a repository',
      },
    },
  },
  {
    title: 'Roots, manifests and links',
    fixed: true,
    limits: {
      MAX_MANIFEST_BYTES: {
        value: MAX_MANIFEST_BYTES,
        unit: 'bytes of a root manifest',
        why: 'it is one message of gossip',
      },
      MAX_ROOT_BYTES: {
        value: MAX_ROOT_BYTES,
        unit: 'bytes of a root',
        why: 'what TUF clients take; hundreds of keys have room',
      },
      MAX_ROOT_LEAD: {
        value: MAX_ROOT_LEAD,
        unit: 'roots that a manifest may be ahead',
        why: 'more than a repository makes in centuries; a manifest that claims more leads nowhere',
      },
      MAX_MIRRORS: {
        value: MAX_MIRRORS,
        unit: 'mirrors on the signed list',
        why: 'it travels in every root manifest',
      },
      MAX_LINK_LENGTH: {
        value: MAX_LINK_LENGTH,
        unit: 'characters of a swarm link',
        why: 'people paste it',
      },
      MAX_LINK_PEERS: {
        value: MAX_LINK_PEERS,
        unit: 'peers of a swarm link',
        why: 'a newcomer needs no more',
      },
    },
  },
]
