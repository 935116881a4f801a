import { limitBuffersWithHeap } from './buffer-limit.ts'
import { withSmallYoungGeneration } from './young-generation.ts'

limitBuffersWithHeap()
const { main } = await withSmallYoungGeneration(() => import('./jarswarm.ts'))
process.exitCode = await main(process.argv.slice(2))
