import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { ORIGIN } from './_operation-event.ts'
import type { OperationEvent, PathState, SwarmEvent } from './_operation-event.ts'
import { OperationChecker } from './_operation-history.ts'
import { OperationSwarm } from './_operation-swarm.ts'
import { SeededRandom } from './_random.ts'
import { ViolationError } from './_violation-error.ts'
import type { Rule } from './_violation-error.ts'

const OPERATIONS = 3_000
const SEED = 20_261_123
const JAR = 'a/b/1/b-1.jar'
const NEW = 'a/b/2/b-2.jar'

const FIRST = { kind: 'between', first: 0, last: 0 } as const

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const file = (text: string): PathState => ({ kind: 'file', bytes: Buffer.from(text) })
const head = (seq: number): SwarmEvent => ({ kind: 'head', node: 'n', seq, head: `head ${seq}` })
const stored = (text: string, node = 'n'): SwarmEvent => ({
  kind: 'stored',
  node,
  digest: hash(text),
})
/** The node starts with nothing, and may keep so many bytes. */
const starts = (quotaBytes: number): SwarmEvent => ({
  kind: 'inventory',
  node: 'n',
  digests: new Set(),
  quotaBytes,
})
const wanted = (sizeBytes: number): SwarmEvent => ({ kind: 'wanted', node: 'n', sizeBytes })

/** Three heads: a file, one more, and the first withdrawn. */
const PUBLISHED: readonly SwarmEvent[] = [
  { kind: 'published', seq: 1, atMs: 0, head: 'head 1', changes: new Map([[JAR, file('one')]]) },
  { kind: 'published', seq: 2, atMs: 0, head: 'head 2', changes: new Map([[NEW, file('two')]]) },
  {
    kind: 'published',
    seq: 3,
    atMs: 0,
    head: 'head 3',
    changes: new Map([[JAR, { kind: 'withdrawn' }]]),
  },
]

/** A right answer to GET of the first file under the first head, but for what is given. */
function answer(change: Partial<OperationEvent> & { readonly text?: string } = {}): OperationEvent {
  const { text = 'one', ...given } = change
  return {
    kind: 'operation',
    verb: 'get',
    node: 'n',
    path: JAR,
    from: 1,
    to: 1,
    status: 200,
    digest: hash(text),
    sizeBytes: text.length,
    brokeOff: false,
    askedAt: 0,
    nowMs: 0,
    reachable: [],
    ...given,
  }
}

function check(...events: readonly SwarmEvent[]): void {
  const checker = new OperationChecker()
  for (const event of [...PUBLISHED, ...events]) checker.observe(event)
}

/** The second file is refused, though this one could be asked. */
const refused = (name: string, change: Partial<OperationEvent> = {}): OperationEvent =>
  answer({ status: 424, path: NEW, from: 2, to: 2, askedAt: 9, reachable: [name], ...change })

const list = (names: readonly string[], seq = 2): OperationEvent =>
  answer({ verb: 'list', path: 'a/b', names, from: seq, to: seq })

describe('a swarm', () => {
  it('keeps its promises in all that happens', { timeout: 120_000 }, async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const swarm = await OperationSwarm.create(t, new SeededRandom(SEED))
    const { statuses, faults, evictions } = await swarm.run(OPERATIONS)
    for (const status of [200, 206, 404]) assert.ok((statuses[status] ?? 0) > 0, String(status))
    assert.ok(faults.published > 0 && faults.restarted > 0 && faults.killed > 0 && evictions > 0)
  })
})

describe('OperationChecker', () => {
  it('lets pass what is right', () => {
    check(
      head(1),
      answer(),
      answer({
        verb: 'range',
        range: { kind: 'between', first: 1, last: 2 },
        status: 206,
        text: 'ne',
      }),
      answer({ verb: 'range', range: { kind: 'from', first: 1 }, status: 206, text: 'ne' }),
      answer({ verb: 'range', range: { kind: 'last', count: 2 }, status: 206, text: 'ne' }),
      answer({ verb: 'range', range: { kind: 'last', count: 9 }, status: 206 }),
      answer({ verb: 'range', range: { kind: 'from', first: 3 }, status: 416, text: '' }),
      answer({ verb: 'range', range: { kind: 'ignored', header: 'bytes=0-0,2-2' } }),
      answer({ verb: 'head', digest: hash('') }),
      answer({ status: 404, path: NEW }),
      answer({ status: 404, path: NEW, from: 1, to: 2 }),
      answer({ text: 'two', path: NEW, from: 1, to: 2 }),
      answer({ status: 424 }),
      refused('n'),
      // Withdrawn since, which another may know already.
      stored('one', 'm'),
      refused('m', { path: JAR }),
      refused(ORIGIN, { path: JAR }),
      head(2),
      list(['1/', '2/']),
      head(3),
      answer({ status: 410, from: 3, to: 3 }),
      answer({ from: 2, to: 3 }),
      list(['2/'], 3),
      starts(5),
      stored('two'),
      wanted(3),
      { kind: 'dropped', node: 'n', digest: hash('two') },
      { kind: 'settled', node: 'n', sizeBytes: 3 },
      starts(5),
      // Named by no head since, so that it need not stay.
      stored('one'),
      { kind: 'dropped', node: 'n', digest: hash('one') },
      answer({ path: NEW, from: 3, to: 3, brokeOff: true, text: 't' }),
    )
  })

  const dropped = { kind: 'dropped', node: 'n', digest: hash('two') } as const
  const violations: readonly (readonly [string, Rule, readonly SwarmEvent[]])[] = [
    ['other bytes', 'bytes', [answer({ text: 'eno' })]],
    [
      'other bytes of a range',
      'bytes',
      [answer({ verb: 'range', range: FIRST, status: 206, text: 'x' })],
    ],
    ['another length', 'length', [answer({ verb: 'head', text: 'ones' })]],
    ['a range that is the whole', 'status', [answer({ verb: 'range', range: FIRST })]],
    ['404 of what the index names', 'absent', [answer({ status: 404 })]],
    ['a file before it was published', 'status', [answer({ path: NEW, text: 'two' })]],
    ['a withdrawn file', 'withdrawn', [answer({ from: 3, to: 3 })]],
    ['404 of a withdrawn file', 'withdrawn', [answer({ status: 404, from: 3, to: 3 })]],
    ['500', 'status', [answer({ status: 500, path: NEW })]],
    ['a name too many', 'listing', [list(['1/', '2/'], 1)]],
    ['a name too few', 'listing', [list(['2/'])]],
    ['404 of a directory', 'absent', [{ ...list([]), status: 404 }]],
    ['a head that falls', 'rollback', [head(2), head(1)]],
    ['no head after a start', 'rollback', [head(2), { ...head(0), head: undefined } as SwarmEvent]],
    ['a head of somebody else', 'fork', [{ ...head(2), head: 'another' } as SwarmEvent]],
    ['a head that is not there yet', 'fork', [head(4)]],
    ['404 without a head', 'headless', [answer({ status: 404, from: 0, to: 0 })]],
    ['424 of what the node has', 'refused', [stored('two'), refused('n')]],
    ['424 of what a peer has', 'refused', [stored('two', 'm'), refused('m')]],
    ['424 of what a working origin has', 'refused', [refused(ORIGIN)]],
    ['a blob that is gone', 'lost', [stored('one'), starts(Infinity)]],
    ['a blob that went without need', 'lost', [head(2), stored('two'), dropped]],
    [
      'a blob that went though there was room',
      'lost',
      [starts(5), head(2), stored('two'), wanted(2), dropped],
    ],
    [
      'a blob that went for one that was stored before',
      'lost',
      [
        starts(5),
        head(2),
        stored('two'),
        wanted(3),
        { kind: 'settled', node: 'n', sizeBytes: 3 },
        dropped,
      ],
    ],
    ['a blob that nobody published', 'bytes', [stored('three')]],
    [
      'a body that breaks off though the node has it',
      'refused',
      [stored('two'), refused('n', { status: 200, brokeOff: true })],
    ],
  ]
  for (const [what, rule, events] of violations)
    it(`finds ${what}`, () => {
      assert.throws(
        () => {
          check(...events)
        },
        (error) => error instanceof ViolationError && error.rule === rule,
      )
    })
})
