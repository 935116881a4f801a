import { withSmallYoungGeneration } from './young-generation.ts'

const { main } = await withSmallYoungGeneration(() => import('./jarswarm.ts'))
process.exitCode = await main(process.argv.slice(2))
