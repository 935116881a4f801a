import type { TestContext } from 'node:test'
import type { Row } from '../_report.ts'

/** Run something that registers its endings as a test does: they come in that order, whatever happened. */
export async function* withEndings(
  run: (test: Pick<TestContext, 'after'>) => AsyncIterable<Row>,
): AsyncIterable<Row> {
  const ends: (() => unknown)[] = []
  try {
    yield* run({ after: (end: unknown) => void ends.push(end as () => unknown) })
  } finally {
    for (const end of ends) await end()
  }
}
