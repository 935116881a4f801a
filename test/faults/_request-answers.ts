// A strict reader of what comes over a connection: it knows no more of HTTP than answers may use here, and takes nothing else.
import assert from 'node:assert/strict'

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) ([\x20-\x7e]*)$/
const HEADER_LINE = /^([A-Za-z0-9-]+): ([\x20-\x7e]*)$/
/** What the parser below the endpoint answers by itself to what is no HTTP: without a body, and the connection ends. */
const BARE_STATUSES: ReadonlySet<number> = new Set([400, 408, 413, 431])

/** One answer, as it came. */
export interface ReadAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** The server says that the connection ends with this answer. */
  readonly last: boolean
}

/**
 * Take apart what came over a connection until it ended.
 *
 * @param methods of the requests in their order: an answer to HEAD has no body
 * @throws {AssertionError} when it is not a row of whole answers
 */
export function readAnswers(bytes: Buffer, methods: readonly string[]): readonly ReadAnswer[] {
  const answers: ReadAnswer[] = []
  for (let at = 0; at < bytes.length;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    assert.notEqual(headEnd, -1, 'an answer without an end of its headers')
    const head = readHead(bytes.toString('latin1', at, headEnd))
    const isHead = methods[answers.length] === 'HEAD'
    const bodyAt = headEnd + 4
    const bodyEnd = bodyAt + (isHead ? 0 : bodyLength(head))
    assert.ok(bodyEnd <= bytes.length, 'a body shorter than its length')
    answers.push({ ...head, body: bytes.subarray(bodyAt, bodyEnd) })
    at = bodyEnd
    assert.ok(!head.last || at === bytes.length, 'bytes after the last answer')
  }
  return answers
}

function readHead(text: string): Omit<ReadAnswer, 'body'> {
  const [first = '', ...lines] = text.split('\r\n')
  const status = STATUS_LINE.exec(first)
  assert.ok(status, `no status line: ${first}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const header = HEADER_LINE.exec(line)
    assert.ok(header, `no header line: ${line}`)
    const name = (header[1] ?? '').toLowerCase()
    assert.ok(!headers.has(name), `a header twice: ${line}`)
    headers.set(name, header[2] ?? '')
  }
  assert.ok(!headers.has('transfer-encoding'), 'an answer in chunks')
  return { status: Number(status[1]), headers, last: headers.get('connection') === 'close' }
}

function bodyLength({ status, headers, last }: Omit<ReadAnswer, 'body'>): number {
  const length = headers.get('content-length')
  if (length !== undefined && /^\d+$/.test(length)) return Number(length)
  assert.ok(
    status === 304 || (last && BARE_STATUSES.has(status)),
    `${String(status)} without a length`,
  )
  return 0
}
