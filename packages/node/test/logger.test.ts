import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '@jarswarm/testkit'
import type { Logger } from '@jarswarm/ports'
import { createLogger } from '../src/index.ts'
import { MAX_LINE_KINDS, MAX_LINES_PER_KIND, MAX_LOGGED_CHARACTERS } from '../src/limits/limits.ts'

const MINUTE_MS = 60_000

type Line = Readonly<Record<string, unknown>>

interface Rig {
  readonly clock: ManualClock
  readonly logger: Logger
  readonly lines: Line[]
}

function makeLogger(): Rig {
  const clock = new ManualClock()
  const lines: Line[] = []
  const stream = { write: (text: string) => lines.push(JSON.parse(text) as Line) }
  return { clock, lines, logger: createLogger({ level: 'debug', stream, clock }) }
}

function repeat(count: number, task: (number: number) => void): void {
  for (let number = 0; number < count; number += 1) task(number)
}

describe('createLogger', () => {
  it('logs MAX_LINES_PER_KIND of a kind in a minute, and then how many it left out', () => {
    const { clock, logger, lines } = makeLogger()
    repeat(MAX_LINES_PER_KIND, (peer) => {
      logger.warn({ peer }, 'a peer lies')
    })
    assert.equal(lines.length, MAX_LINES_PER_KIND)
    repeat(1_000, (peer) => {
      logger.warn({ peer }, 'a peer lies')
    })
    assert.equal(lines.length, MAX_LINES_PER_KIND)
    logger.error({}, 'a peer lies')
    logger.warn({}, 'another thing')
    assert.equal(lines.length, MAX_LINES_PER_KIND + 2)
    clock.advance(MINUTE_MS)
    const { leftOut, msg } = lines.at(-1) ?? {}
    assert.equal(leftOut, 1_000)
    assert.equal(msg, '1000 more of these lines were left out: a peer lies')
    assert.equal(lines.length, MAX_LINES_PER_KIND + 3)
    logger.warn({}, 'a peer lies')
    assert.equal(lines.length, MAX_LINES_PER_KIND + 4)
  })

  it('counts MAX_LINE_KINDS apart, and what is beyond them together', () => {
    const { clock, logger, lines } = makeLogger()
    repeat(MAX_LINE_KINDS, (number) => {
      logger.info({}, `kind ${String(number)}`)
    })
    repeat(1_000, (number) => {
      logger.info({}, `further kind ${String(number)}`)
    })
    assert.equal(lines.length, MAX_LINE_KINDS + MAX_LINES_PER_KIND)
    clock.advance(MINUTE_MS)
    assert.equal(lines.at(-1)?.['leftOut'], 1_000 - MAX_LINES_PER_KIND)
  })

  it('cuts a text at MAX_LOGGED_CHARACTERS, in an error too', () => {
    const { logger, lines } = makeLogger()
    const longest = 'x'.repeat(MAX_LOGGED_CHARACTERS)
    logger.warn({ url: longest }, 'as long as may be')
    logger.warn({ url: `${longest}y` }, 'longer')
    logger.warn({ error: new Error(`${longest}y`) }, 'within')
    assert.equal(lines[0]?.['url'], longest)
    assert.equal(lines[1]?.['url'], `${longest}… (${String(longest.length + 1)} characters)`)
    assert.ok(JSON.stringify(lines[2]).length < 3 * MAX_LOGGED_CHARACTERS)
  })

  it('tells the message of an error, its cause and its code, under any name', () => {
    const { logger, lines } = makeLogger()
    const cause = new Error('a deeper one')
    const error = Object.assign(new Error('it broke', { cause }), { code: 'ERR_TRIAL' })
    logger.error({ error }, 'failed')
    const logged = lines[0]?.['error'] as Line
    assert.match(String(logged['message']), /it broke.*a deeper one/)
    assert.equal(logged['code'], 'ERR_TRIAL')
  })

  it('leaves out nothing that only debugging asks for', () => {
    const { logger, lines } = makeLogger()
    repeat(5 * MAX_LINES_PER_KIND, () => {
      logger.debug({}, 'a detail')
    })
    assert.equal(lines.length, 5 * MAX_LINES_PER_KIND)
  })
})
