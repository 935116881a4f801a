// Walks a tree with a thread, and leaves it in the midst of it: nothing may hold the process then.
import { argv } from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { DirectoryLister } from '../src/directory-lister.ts'
import { ListingThread } from '../src/listing-thread.ts'
import { treeSteps } from '../src/walk-tree.ts'

const thread = new ListingThread()
while (!thread.isReady) await setImmediate()
const lister = new DirectoryLister({ alone: 0, startThread: () => thread })
treeSteps(argv[2] ?? '', undefined, lister).next()
