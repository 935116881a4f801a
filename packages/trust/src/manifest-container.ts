// jarswarm manifest 1
// root <number> <length>          each header line is followed by exactly <length> bytes and one line end
// timestamp <length>
// snapshot <length>
// targets <length>
// head <length>
//
// The parts are kept byte for byte: what is signed is never written anew.
import { InvalidManifestError } from './errors.ts'
import { MAX_MANIFEST_BYTES, MAX_HEADER_LENGTH } from './limits.ts'

const TITLE = 'jarswarm manifest 1\n'
const LINE_END = 0x0a

/** The parts of a root manifest as they were received. Nothing in it is verified. */
export interface SignedManifest {
  /** Number of the root under which it was made, as the container says. */
  readonly rootNumber: number
  readonly root: Uint8Array
  readonly timestamp: Uint8Array
  readonly snapshot: Uint8Array
  readonly targets: Uint8Array
  readonly head: Uint8Array
}

/**
 * Take a root manifest apart.
 *
 * @returns parts that are views of `bytes`
 * @throws {InvalidManifestError} when it is too large or not exactly in the one form that `formatManifest` writes
 */
export function parseManifest(bytes: Uint8Array): SignedManifest {
  // Endless data: the cap comes before anything is read.
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw refusal(`${bytes.length} bytes`, `at most ${MAX_MANIFEST_BYTES}`)
  }
  const reader = new PartReader(bytes)
  reader.title()
  const [rootNumber, root] = reader.part(/^root ([1-9][0-9]{0,14}) ([1-9][0-9]{0,5})$/)
  const [, timestamp] = reader.part(/^(timestamp) ([1-9][0-9]{0,5})$/)
  const [, snapshot] = reader.part(/^(snapshot) ([1-9][0-9]{0,5})$/)
  const [, targets] = reader.part(/^(targets) ([1-9][0-9]{0,5})$/)
  const [, head] = reader.part(/^(head) ([1-9][0-9]{0,5})$/)
  reader.end()
  return { rootNumber: Number(rootNumber), root, timestamp, snapshot, targets, head }
}

/**
 * Put a root manifest together; `parseManifest` gives back the same parts.
 *
 * @throws {RangeError} when it would be larger than `MAX_MANIFEST_BYTES`
 */
export function formatManifest(parts: SignedManifest): Uint8Array {
  const bytes = new Uint8Array(
    Buffer.concat([
      Buffer.from(TITLE),
      ...formatPart(`root ${parts.rootNumber}`, parts.root),
      ...formatPart('timestamp', parts.timestamp),
      ...formatPart('snapshot', parts.snapshot),
      ...formatPart('targets', parts.targets),
      ...formatPart('head', parts.head),
    ]),
  )
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new RangeError(
      `Cannot format the root manifest: found ${bytes.length} bytes, wanted at most ${MAX_MANIFEST_BYTES}`,
    )
  }
  return bytes
}

function formatPart(header: string, bytes: Uint8Array): Uint8Array[] {
  return [Buffer.from(`${header} ${bytes.length}\n`), bytes, Uint8Array.of(LINE_END)]
}

class PartReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  title(): void {
    const found = Buffer.from(this.#bytes.subarray(0, TITLE.length)).toString('latin1')
    if (found !== TITLE) {
      throw refusal(`first bytes ${JSON.stringify(found)}`, JSON.stringify(TITLE))
    }
    this.#offset = TITLE.length
  }

  /** @returns the header's first field, and the bytes of the part */
  part(form: RegExp): [string, Uint8Array] {
    const window = this.#bytes.subarray(this.#offset, this.#offset + MAX_HEADER_LENGTH)
    const lineLength = window.indexOf(LINE_END)
    const line = Buffer.from(window.subarray(0, Math.max(lineLength, 0))).toString('latin1')
    const [, field = '', length] = form.exec(line) ?? []
    if (length === undefined) {
      throw refusal(
        `line ${JSON.stringify(line)} at byte ${this.#offset}`,
        `a line like ${form.source}`,
      )
    }
    const begin = this.#offset + lineLength + 1
    const end = begin + Number(length)
    // A length beyond the end finds no line end either.
    if (this.#bytes[end] !== LINE_END) {
      throw refusal(`no line end at byte ${end}`, `one after the ${length} bytes announced`)
    }
    this.#offset = end + 1
    return [field, this.#bytes.subarray(begin, end)]
  }

  end(): void {
    const rest = this.#bytes.length - this.#offset
    if (rest > 0) throw refusal(`${rest} bytes after the head`, 'none')
  }
}

function refusal(found: string, wanted: string): InvalidManifestError {
  return new InvalidManifestError(`Cannot read the root manifest: found ${found}, wanted ${wanted}`)
}
