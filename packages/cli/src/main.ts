import { main } from './jarswarm.ts'

process.exitCode = await main(process.argv.slice(2))
