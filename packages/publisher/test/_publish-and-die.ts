// Publishes a tree in a process of its own, and kills that before its nth change of the disk.
// Arguments: state directory, tree, n, milliseconds since the epoch.
import { publishWith } from '../src/publish-tree.ts'

const [stateDir = '', treeDir = '', cutAt, nowMs] = process.argv.slice(2)
let steps = 0
await publishWith(
  { stateDir, treeDir, nowMs: Number(nowMs) },
  {
    before: () => {
      steps += 1
      if (steps === Number(cutAt)) process.kill(process.pid, 'SIGKILL')
    },
  },
)
