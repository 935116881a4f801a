/** A tracker in a process of its own, for a network namespace: its argument is the address that it listens at. */
import { startTracker } from './_tracker.ts'

const { announce } = await startTracker(process.argv[2])
process.stdout.write(`${announce}\n`)
