import type { TestContext } from 'node:test'
import type { Row } from '../_report.ts'

/** Run something that registers its endings as a test does: all come, in that order, whatever happened to it or to others. */
export async function* withEndings(
  run: (test: Pick<TestContext, 'after'>) => AsyncIterable<Row>,
): AsyncIterable<Row> {
  const ends: (() => unknown)[] = []
  try {
    yield* run({ after: (end: unknown) => void ends.push(end as () => unknown) })
  } finally {
    const failures: unknown[] = []
    for (const end of ends) {
      try {
        await end()
      } catch (error) {
        failures.push(error)
      }
    }
    // Not thrown: what went wrong first matters more, and would be lost.
    for (const failure of failures) process.stderr.write(`Cannot end: ${String(failure)}\n`)
    if (failures.length > 0) process.exitCode = 1
  }
}
