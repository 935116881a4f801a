import { limitBuffersWithHeap } from './buffer-limit.ts'
import { restartWithThresholds } from './malloc-thresholds.ts'
import { withSmallYoungGeneration } from './young-generation.ts'

restartWithThresholds()
limitBuffersWithHeap()
const { main } = await withSmallYoungGeneration(() => import('./jarswarm.ts'))
process.exitCode = await main(process.argv.slice(2))
