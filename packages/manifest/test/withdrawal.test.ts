import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import fc from 'fast-check'
import {
  busiestDay,
  countedWithdrawals,
  formatWithdrawalBatch,
  formatWithdrawals,
  InvalidWithdrawalsError,
  isWithdrawal,
  MAX_OBJECT_BYTES,
  MAX_WITHDRAWALS,
  readWithdrawals,
  sha256,
  WithdrawalFold,
  WITHDRAWALS_PER_PART,
} from '../src/index.ts'
import type { HistoryEvent, Withdrawal } from '../src/index.ts'

const digestOf = (text: string): string => sha256(Buffer.from(text))

function withdrawal(number: number, changes: Partial<Withdrawal> = {}): Withdrawal {
  const path = parsePath(`org/example/lib/${String(number)}/lib-${String(number)}.jar`)
  const digest = digestOf(String(number))
  return { path, digest, seq: 2, issuedSeconds: 1_700_000_000, reason: 'malware', ...changes }
}

const many = (count: number): Withdrawal[] =>
  Array.from({ length: count }, (_, number) => withdrawal(number))

/** What stands published, so that objects can be broken. */
function publish(list: readonly Withdrawal[]) {
  const { pointer, parts } = formatWithdrawals(list)
  const objects = new Map(parts.map(({ digest, bytes }) => [digest, bytes]))
  const read = (digest: string): Promise<Uint8Array> => {
    const bytes = objects.get(digest)
    return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`no object ${digest}`))
  }
  return { pointer, parts, read }
}

const refuses = (text: string, count = 1): Promise<void> =>
  assert.rejects(
    readWithdrawals({ count, digest: digestOf('any') }, () => Promise.resolve(Buffer.from(text))),
    InvalidWithdrawalsError,
  )

describe('readWithdrawals', () => {
  it('reads back what formatWithdrawals writes, in one order', async () => {
    const one = fc.record({
      number: fc.nat(10_000),
      seq: fc.integer({ min: 1, max: 5 }),
      issuedSeconds: fc.nat(2_000_000_000),
      reason: fc.option(fc.constantFrom('malware', 'legal: order 7'), { nil: undefined }),
    })
    const lists = fc.uniqueArray(one, { selector: ({ number }) => number, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const withdrawals = list.map(({ number, ...rest }) => withdrawal(number, rest))
        const { pointer, read } = publish(withdrawals)
        const found = await readWithdrawals(pointer, read)
        assert.deepEqual(new Set(found), new Set(withdrawals))
        assert.deepEqual(formatWithdrawals(found).pointer, pointer)
      }),
    )
  })

  it('keeps full objects as they are when more is withdrawn', async () => {
    const first = publish(many(WITHDRAWALS_PER_PART + 3))
    const later = publish([...many(WITHDRAWALS_PER_PART + 3), withdrawal(9_999, { seq: 3 })])
    assert.equal(first.parts.length, 2)
    assert.equal(later.parts[0]?.digest, first.parts[0]?.digest)
    const found = await readWithdrawals(later.pointer, later.read)
    assert.equal(found.length, WITHDRAWALS_PER_PART + 4)
    assert.equal(found.at(-1)?.seq, 3)
    assert.deepEqual(
      await readWithdrawals(
        publish(many(WITHDRAWALS_PER_PART * 2)).pointer,
        publish(many(WITHDRAWALS_PER_PART * 2)).read,
      ).then((all) => all.length),
      WITHDRAWALS_PER_PART * 2,
    )
  })

  it('has objects within the bound even of the longest lines', () => {
    const path = (number: number) =>
      parsePath(
        `${'a'.repeat(250)}/${'b'.repeat(250)}/${'c'.repeat(250)}/${'d'.repeat(250)}/${String(number).padStart(8, '0')}`,
      )
    const list = many(WITHDRAWALS_PER_PART).map((one, number) => ({
      ...one,
      path: path(number),
      seq: Number.MAX_SAFE_INTEGER,
      reason: 'r'.repeat(200),
    }))
    const [part] = formatWithdrawals(list).parts
    assert.ok((part?.bytes.length ?? Infinity) <= MAX_OBJECT_BYTES)
  })

  it('reads none when the head names none', async () => {
    assert.deepEqual(formatWithdrawals([]), { pointer: null, parts: [] })
    assert.deepEqual(await readWithdrawals(null, () => Promise.reject(new Error('asked'))), [])
  })

  it('has room for MAX_WITHDRAWALS, and refuses another number than the head says before it reads on without end', async () => {
    const { pointer, read } = publish(many(3))
    assert.ok(pointer)
    for (const count of [1, 2, 4, WITHDRAWALS_PER_PART + 3]) {
      await assert.rejects(readWithdrawals({ ...pointer, count }, read), InvalidWithdrawalsError)
    }
    const most = publish(many(MAX_WITHDRAWALS))
    assert.equal(most.pointer?.count, MAX_WITHDRAWALS)
    const more = MAX_WITHDRAWALS + 1
    await assert.rejects(readWithdrawals({ ...pointer, count: more }, read), /more of them/)
    assert.throws(() => formatWithdrawals(many(more)), RangeError)
  })

  const line = `${digestOf('0')} 2 1700000000 org/a/1/a.jar malware\n`
  const other = line.replace('/a.jar', '/b.jar')
  it('takes the one form of a part', async () => {
    const text = `jarswarm withdrawn 1 -\n${line}${other}`
    const read = () => Promise.resolve(Buffer.from(text))
    const found = await readWithdrawals({ count: 2, digest: digestOf('any') }, read)
    assert.deepEqual(
      found.map(({ path }) => path),
      ['org/a/1/a.jar', 'org/a/1/b.jar'],
    )
  })
  const refused: Record<string, readonly [text: string, count: number]> = {
    'another header': [`jarswarm withdrawn 2 -\n${line}`, 1],
    'no end of line': [`jarswarm withdrawn 1 -\n${line.slice(0, -1)}`, 1],
    'a part before the first': [`jarswarm withdrawn 1 ${digestOf('x')}\n${line}`, 1],
    'lines out of order': [`jarswarm withdrawn 1 -\n${other}${line}`, 2],
    'a path twice': [`jarswarm withdrawn 1 -\n${line}${line.replace(' 2 ', ' 3 ')}`, 2],
    'a path that is none': [`jarswarm withdrawn 1 -\n${line.replace('org/', '../')}`, 1],
    'a digest that is none': [`jarswarm withdrawn 1 -\nA${line.slice(1)}`, 1],
    'a number above all': [
      `jarswarm withdrawn 1 -\n${line.replace(' 2 ', ' 9999999999999999 ')}`,
      1,
    ],
    'a reason with two spaces': [`jarswarm withdrawn 1 -\n${line.replace('malware', 'a  b')}`, 1],
    'bytes above ASCII': [`jarswarm withdrawn 1 -\n${line.replace('malware', 'mälware')}`, 1],
  }
  for (const [what, [text, count]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => refuses(text, count))
  }

  it('is not written for what it would not read', () => {
    assert.throws(() => formatWithdrawals([withdrawal(1, { reason: 'a\nb' })]), TypeError)
  })
})

describe('WithdrawalFold', () => {
  const event = (kind: HistoryEvent['kind'], of: Withdrawal): HistoryEvent => {
    const { path, digest, seq, reason } = of
    return { kind, path, digest, seq, sizeBytes: 1, ...(kind === 'del' ? { reason } : {}) }
  }
  const one = withdrawal(1)

  it('follows what leaves and what comes back', () => {
    const fold = new WithdrawalFold([])
    assert.equal(fold.differenceFrom([]), undefined)
    fold.add(event('del', one))
    assert.equal(fold.differenceFrom([one]), undefined)
    assert.equal(fold.differenceFrom([]), one.path)
    fold.add(event('put', one))
    assert.equal(fold.differenceFrom([]), undefined)
    assert.equal(fold.differenceFrom([one]), one.path)
  })

  it('tells a list that says something else', () => {
    for (const change of [{ reason: 'legal' }, { seq: 3 }, { digest: digestOf('other') }]) {
      assert.equal(new WithdrawalFold([one]).differenceFrom([{ ...one, ...change }]), one.path)
    }
  })

  it('takes a mutable file that goes without a reason for no withdrawal', () => {
    const path = parsePath('org/example/maven-metadata.xml')
    const gone = event('del', { ...one, path, reason: undefined })
    assert.equal(isWithdrawal(gone), false)
    assert.equal(isWithdrawal({ ...gone, reason: 'legal' }), true)
    assert.equal(isWithdrawal({ ...gone, path: one.path }), true)
    const fold = new WithdrawalFold([{ ...one, path }])
    fold.add(gone)
    assert.equal(fold.differenceFrom([{ ...one, path }]), undefined)
  })
})

describe('busiestDay', () => {
  const DAY = 86_400
  const at = (...times: number[]): Withdrawal[] =>
    times.map((issuedSeconds, number) => withdrawal(number, { issuedSeconds }))

  it('counts what falls within any 24 hours', () => {
    assert.equal(busiestDay([], 0), 0)
    assert.equal(busiestDay(at(10, 20, 30), 0), 3)
    assert.equal(busiestDay(at(10, 10 + DAY - 1, 10 + DAY), 0), 2)
  })

  it('looks only at what came after a moment, with the day before it', () => {
    assert.equal(busiestDay(at(1, 2, 3, 10 * DAY), 5 * DAY), 1)
    assert.equal(busiestDay(at(1, 2, 3, DAY + 1), 4), 3)
    assert.equal(busiestDay(at(1, 2, 3), 4), 0)
  })
})

describe('countedWithdrawals', () => {
  it('leaves out a batch that is allowed, and nothing that is more or less than it', () => {
    const batch = [withdrawal(1), withdrawal(2)]
    const other = withdrawal(3, { seq: 5 })
    const allowed = new Set([sha256(formatWithdrawalBatch(batch))])
    assert.deepEqual(countedWithdrawals([...batch, other], allowed), [other])
    assert.equal(countedWithdrawals([...batch, withdrawal(4)], allowed).length, 3)
    assert.equal(countedWithdrawals(batch.slice(1), allowed).length, 1)
    assert.equal(
      countedWithdrawals(
        batch.map((one) => ({ ...one, reason: 'x' })),
        allowed,
      ).length,
      2,
    )
    assert.equal(countedWithdrawals(batch, new Set()).length, 2)
  })

  it('has the batch in the order of its paths', () => {
    const text = Buffer.from(
      formatWithdrawalBatch([withdrawal(2), withdrawal(1, { reason: undefined })]),
    ).toString()
    assert.equal(
      text,
      `${digestOf('1')} org/example/lib/1/lib-1.jar\n${digestOf('2')} org/example/lib/2/lib-2.jar malware\n`,
    )
  })
})
