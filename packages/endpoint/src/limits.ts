import type { LimitGroup, Limits } from '@jarswarm/ports'

/** Every bound of the endpoint in one place: what a client may cost. */

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1_000

const CLIENTS = {
  MAX_CLIENT_CONNECTIONS: {
    value: 1_024,
    unit: 'connections of clients on each listener',
    why: 'many builds at once (5 connections each); beyond it sockets are closed at once',
  },
  MAX_SHARE_OF_CLIENT_RANGE: {
    value: 0.25,
    unit: 'share of the connections of a listener for one public /24 or /48',
    why: 'a flood from one place leaves three quarters to others; not where only this machine reaches it',
  },
  MAX_SHARE_OF_LOCAL_CLIENT: {
    value: 0.5,
    unit: 'share of the connections of a listener for one address of the local network',
    why: 'a flood from one machine, or all that comes by a proxy on it, leaves half to others',
  },
  MAX_HEADER_BYTES: {
    value: 16 * KIB,
    unit: 'bytes of the head of a request',
    why: 'clients send less than 1 KiB',
  },
  MAX_HEADER_COUNT: {
    value: 100,
    unit: 'headers of a request',
    why: 'clients send about ten; a request with more is refused',
  },
  MAX_WAITING_REQUESTS: {
    value: 16,
    unit: 'requests of one connection that wait for the answer before them',
    why: 'clients of Maven send one at a time; further ones close the connection',
  },
  HEADERS_TIMEOUT_MS: {
    value: 15 * SECOND_MS,
    unit: 'ms for the head of a request',
    why: 'whoever drips it holds a socket for nothing',
  },
  HANDSHAKE_TIMEOUT_MS: {
    value: 15 * SECOND_MS,
    unit: 'ms for a TLS greeting',
    why: 'a client that does not finish it holds a socket for nothing',
  },
  KEEP_ALIVE_MS: {
    value: 75 * SECOND_MS,
    unit: 'ms for which a connection is kept between two requests',
    why: 'clients reuse connections for a minute; a reset of a reused one fails a build',
  },
  SOCKET_SILENCE_MS: {
    value: 90 * SECOND_MS,
    unit: 'ms in which nothing moves on a socket',
    why: 'longer than any wait of an answer, and than a client that reads nothing may take',
  },
  CLIENT_SILENCE_MS: {
    value: 60 * SECOND_MS,
    unit: 'ms in which a client takes no byte',
    why: 'it holds a blob and a socket for nothing',
  },
  MAX_TARGET_CHARACTERS: {
    value: 4_096,
    unit: 'characters of the target of a request',
    why: 'a path of 1024 with each one percent-encoded, a repository name, and a query',
  },
  MAX_DRAINED_BYTES: {
    value: MIB,
    unit: 'bytes of a refused body that are read and dropped',
    why: 'what a client may have sent before it read the refusal',
  },
  MAX_PHRASE_CHARACTERS: {
    value: 200,
    unit: 'characters of a reason phrase',
    why: 'clients print it on one line',
  },
  MAX_LISTED_NAMES: {
    value: 5_000,
    unit: 'names in the listing of a directory',
    why: 'it is for people: no directory of a real repository comes near, and memory stays bounded',
  },
  REQUEST_TIMEOUT_MS: {
    value: 30 * SECOND_MS,
    unit: 'ms for a whole request',
    why: 'which is its head: a body is refused',
  },
  WRITE_AHEAD_BYTES: {
    value: 256 * KIB,
    unit: 'bytes written ahead of a client that reads slowly, and one chunk',
    why: 'a large file must not be in memory because nobody reads it',
  },
} satisfies Limits

const MEMORY = {
  HOT_CACHE_BYTES: {
    value: 64 * MIB,
    unit: 'bytes of small blobs in memory',
    why: 'about 2000 poms and small jars, which are asked for again and again',
  },
  MAX_HOT_BLOB_BYTES: {
    value: 256 * KIB,
    unit: 'bytes of a blob that is kept in memory',
    why: 'larger ones are streamed; as large as a piece: up to here a source gives a blob whole',
  },
  MAX_REMEMBERED_BLOBS: {
    value: 20_000,
    unit: 'blobs whose MD5 and SHA-512 are remembered',
    why: 'about 4 MB: the files of a hundred large builds',
  },
  MAX_PAIRS: {
    value: 1_000,
    unit: 'mutable files whose sidecar must be of the same version',
    why: 'as many as are asked for within 10 s',
  },
} satisfies Limits

export const MAX_CLIENT_CONNECTIONS: number = CLIENTS.MAX_CLIENT_CONNECTIONS.value
export const MAX_SHARE_OF_CLIENT_RANGE: number = CLIENTS.MAX_SHARE_OF_CLIENT_RANGE.value
export const MAX_SHARE_OF_LOCAL_CLIENT: number = CLIENTS.MAX_SHARE_OF_LOCAL_CLIENT.value
export const MAX_HEADER_BYTES: number = CLIENTS.MAX_HEADER_BYTES.value
export const MAX_HEADER_COUNT: number = CLIENTS.MAX_HEADER_COUNT.value
export const MAX_WAITING_REQUESTS: number = CLIENTS.MAX_WAITING_REQUESTS.value
export const HEADERS_TIMEOUT_MS: number = CLIENTS.HEADERS_TIMEOUT_MS.value
export const HANDSHAKE_TIMEOUT_MS: number = CLIENTS.HANDSHAKE_TIMEOUT_MS.value
export const KEEP_ALIVE_MS: number = CLIENTS.KEEP_ALIVE_MS.value
export const SOCKET_SILENCE_MS: number = CLIENTS.SOCKET_SILENCE_MS.value
export const CLIENT_SILENCE_MS: number = CLIENTS.CLIENT_SILENCE_MS.value
export const MAX_TARGET_CHARACTERS: number = CLIENTS.MAX_TARGET_CHARACTERS.value
export const MAX_DRAINED_BYTES: number = CLIENTS.MAX_DRAINED_BYTES.value
export const MAX_PHRASE_CHARACTERS: number = CLIENTS.MAX_PHRASE_CHARACTERS.value
export const MAX_LISTED_NAMES: number = CLIENTS.MAX_LISTED_NAMES.value
export const REQUEST_TIMEOUT_MS: number = CLIENTS.REQUEST_TIMEOUT_MS.value
export const WRITE_AHEAD_BYTES: number = CLIENTS.WRITE_AHEAD_BYTES.value

export const HOT_CACHE_BYTES: number = MEMORY.HOT_CACHE_BYTES.value
export const MAX_HOT_BLOB_BYTES: number = MEMORY.MAX_HOT_BLOB_BYTES.value
export const MAX_REMEMBERED_BLOBS: number = MEMORY.MAX_REMEMBERED_BLOBS.value
export const MAX_PAIRS: number = MEMORY.MAX_PAIRS.value

/** All of it, for people. */
export const ENDPOINT_LIMITS: readonly LimitGroup[] = [
  { title: 'Maven clients, and readers of a published tree (repo serve)', limits: CLIENTS },
  { title: 'Memory of the endpoint', limits: MEMORY },
]
