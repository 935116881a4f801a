// One swarm in a process of its own, so that its memory is given back.
import { answerParent, childInit } from './_child.ts'
import { OperationSwarm } from './_operation-swarm.ts'
import type { OperationReport } from './_operation-swarm.ts'
import { SeededRandom } from './_random.ts'

export interface OperationInit {
  readonly seed: number
  readonly operations: number
}

/** A violation ends the process. */
answerParent(async (): Promise<OperationReport> => {
  const { seed, operations } = childInit() as OperationInit
  const ends: (() => Promise<void>)[] = []
  const after = (end: unknown): void => void ends.push(end as () => Promise<void>)
  const swarm = await OperationSwarm.create({ after }, new SeededRandom(seed))
  try {
    return await swarm.run(operations)
  } finally {
    for (const end of ends) await end()
  }
})
