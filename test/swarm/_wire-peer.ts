/**
 * A peer that speaks the exchange as `docs/design.md` describes it, byte by byte and without our code, and answers
 * requests for blobs in one of several manners.
 */
import { createHash } from 'node:crypto'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const EXCHANGE = '/jarswarm/exchange/1.0.0'
const HELLO = 1
const BLOB = 2
const MANIFEST = 4
const HOLDINGS = 7
const OK = 0
const NOT_HELD = 1
const MAX_FRAME_BYTES = 1_048_640
/** A trickle: far below the slowest rate that counts as progress. */
const TRICKLE_MS = 100
/** A length that has not ended by then never will. */
const ENDLESS_LENGTH_BYTES = 65_536
const TINY_FRAMES = 10_000

/**
 * What becomes of a request for a blob. `truncating` answers with half of the bytes, `silent` never answers, `slow`
 * announces the whole answer and sends a byte of it now and then, `endless` sends a length of a frame that does not end,
 * `babbling` thousands of frames of one byte.
 */
export type Manner = 'honest' | 'lying' | 'truncating' | 'silent' | 'slow' | 'endless' | 'babbling'

export interface WirePeerInit {
  /** Hex of the repository that it follows. */
  readonly repository: string
  readonly manner: Manner
  /** Blobs that it holds; undefined: whatever it is asked for, with bytes that it makes up. It claims to hold everything. */
  readonly blobs?: readonly Uint8Array[]
  /** What it gives as the root manifest. @defaultValue it has none */
  readonly manifest?: Uint8Array
  /** Address of this machine that it dials from. @defaultValue the system's choice */
  readonly from?: string
  /** Between two bytes of a slow answer. @defaultValue {@link TRICKLE_MS} */
  readonly trickleMs?: number
}

/** A started peer. */
export interface WirePeer {
  readonly name: string
  /** Requests for blobs so far. */
  readonly asked: () => number
  /** Wrong answers so far, by the peer that was lied to. */
  readonly lies: ReadonlyMap<string, number>
  /** Bytes of blobs sent so far. */
  readonly sentBytes: () => number
  /** Connect to a node, and claim to hold all of the repository. */
  connect(address: string): Promise<void>
}

/** Start a peer; the test, or whoever else runs what is given to `after`, ends it. */
export async function startWirePeer(
  t: { readonly after: (ending: () => Promise<void>) => void },
  init: WirePeerInit,
): Promise<WirePeer> {
  const libp2p = await createBareLibp2p(init)
  const blobs = init.blobs && new Map(init.blobs.map((bytes) => [sha256(bytes), bytes]))
  const timers = new Set<NodeJS.Timeout>()
  const lies = new Map<string, number>()
  let asked = 0
  let sentBytes = 0
  t.after(async () => {
    for (const timer of timers) clearInterval(timer)
    for (const connection of libp2p.getConnections()) connection.abort(new Error('test is over'))
    await libp2p.stop()
  })

  const lookUp = (request: Uint8Array): Uint8Array | undefined => {
    const payload = view(request.subarray(37))
    const digest = Buffer.from(request.subarray(37, 69)).toString('hex')
    const start = Number(payload.getBigUint64(32))
    const length = payload.getUint32(40)
    return blobs === undefined
      ? Buffer.alloc(length)
      : blobs.get(digest)?.subarray(start, start + length)
  }
  const answerBlob = async ({ stream, asker }: Asked, request: Uint8Array): Promise<void> => {
    asked += 1
    const bytes = lookUp(request)
    if (bytes === undefined) return write(stream, answer(request, NOT_HELD))
    switch (init.manner) {
      case 'honest':
        sentBytes += bytes.length
        return write(stream, answer(request, OK, bytes))
      case 'lying':
        lies.set(asker, (lies.get(asker) ?? 0) + 1)
        return write(
          stream,
          answer(
            request,
            OK,
            bytes.map((byte) => byte ^ 1),
          ),
        )
      case 'truncating':
        return write(stream, answer(request, OK, bytes.subarray(0, bytes.length >> 1)))
      case 'silent':
        return
      case 'slow':
        trickle(stream, frame(answer(request, OK, bytes)))
        return
      case 'endless':
        stream.send(Buffer.alloc(ENDLESS_LENGTH_BYTES, 0xff))
        return
      case 'babbling':
        stream.send(Buffer.concat(Array(TINY_FRAMES).fill(frame(Buffer.of(0)))))
    }
  }
  const trickle = (stream: Stream, bytes: Uint8Array): void => {
    let next = 0
    const timer = setInterval(() => {
      if (stream.status === 'open' && next < bytes.length) {
        stream.send(bytes.subarray(next, (next += 1)))
      } else clearInterval(timer)
    }, init.trickleMs ?? TRICKLE_MS)
    timers.add(timer)
  }
  const serve = async (asked: Asked): Promise<void> => {
    const { stream } = asked
    const reader = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES })
    for (;;) {
      const request = (await reader.read()).subarray()
      if (request[4] === BLOB) await answerBlob(asked, request)
      else if (request[4] === MANIFEST && init.manifest !== undefined)
        await write(stream, answer(request, OK, init.manifest))
      else if (request[4] === HELLO)
        await write(stream, answer(request, OK, hello(init.repository)))
      else await write(stream, answer(request, request[4] === HOLDINGS ? OK : NOT_HELD))
    }
  }
  await libp2p.handle(EXCHANGE, (stream, { remotePeer }) => {
    // Ends when the node under test cuts the stream, which is what it does to most of these.
    void serve({ stream, asker: remotePeer.toString() }).catch(() => undefined)
  })
  await libp2p.start()

  return {
    name: libp2p.peerId.toString(),
    asked: () => asked,
    lies,
    sentBytes: () => sentBytes,
    async connect(address) {
      const stream = await libp2p.dialProtocol(multiaddr(address), EXCHANGE)
      const asking = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES })
      for (const [kind, payload] of [
        [HELLO, hello(init.repository)],
        [HOLDINGS, everything()],
      ] as const) {
        await asking.write(request(kind, init.repository, payload))
        const reply = (await asking.read()).subarray()
        if (reply[4] !== OK) throw new GreetingRefusedError(reply[4])
      }
    },
  }
}

/** The other side took the greeting, or what was claimed, with another status than `OK`. */
export class GreetingRefusedError extends Error {
  override readonly name = 'GreetingRefusedError'

  constructor(status: number | undefined) {
    super(`Cannot greet: found status ${String(status)}`)
  }
}

/** A stream that a peer opened. */
interface Asked {
  readonly stream: Stream
  readonly asker: string
}

/**
 * A node of libp2p without any protocol of ours, not yet started.
 *
 * @param init.from address of this machine that it dials from; undefined leaves it to the system
 */
export async function createBareLibp2p(init: { readonly from?: string } = {}): Promise<Libp2p> {
  // It goes to `net.connect` as it is, which knows more than the type names.
  const dialOpts = { noDelay: true, ...(init.from !== undefined && { localAddress: init.from }) }
  return createLibp2p({
    addresses: { listen: [] },
    transports: [tcp({ dialOpts })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    start: false,
  })
}

/** `id u32 · kind u8 · repository (32) · payload` */
function request(kind: number, repository: string, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(37)
  head.writeUInt32BE(kind, 0)
  head.writeUInt8(kind, 4)
  head.write(repository, 5, 'hex')
  return Buffer.concat([head, payload])
}

/** `id u32 · status u8 · payload` */
function answer(asked: Uint8Array, status: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([asked.subarray(0, 4), Buffer.of(status), payload])
}

/** `flags u8 · count u8 · repository id (32)` */
function hello(repository: string): Uint8Array {
  return Buffer.concat([Buffer.of(0, 1), Buffer.from(repository, 'hex')])
}

/** `flags u8 · complete to u64 · added u32 · removed u32`: all blobs up to a head far ahead. */
function everything(): Uint8Array {
  const bytes = Buffer.alloc(17)
  bytes.writeUInt8(1, 0)
  bytes.writeBigUInt64BE(1_000_000n, 1)
  return bytes
}

/** A varint length and the body. */
function frame(body: Uint8Array): Uint8Array {
  const length: number[] = []
  let rest = body.length
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  return Buffer.concat([Buffer.of(...length, rest), body])
}

function write(stream: Stream, body: Uint8Array): Promise<void> {
  stream.send(frame(body))
  return Promise.resolve()
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const view = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
