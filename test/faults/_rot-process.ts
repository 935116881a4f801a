// The product, on directories that are damaged. Whatever ends this process ends neither the run nor its judge.
import { join } from 'node:path'
import { createNode } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { publishTree } from '@jarswarm/publisher'
import { openDataDirectory } from '@jarswarm/store'
import { RecordingLogger } from '@jarswarm/testkit'
import { openPeerDatastore } from '../../packages/swarm/src/peer-datastore.ts'
import { loadPeerKey } from '../../packages/swarm/src/peer-key.ts'
import { answerParent } from './_child.ts'
import { readContent } from './_rot-content.ts'
import type { RotAnswer, RotAnswers, RotQuestion } from './_rot-product.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }

let logger = new RecordingLogger()
let node: Node | undefined

answerParent(async (question: RotQuestion): Promise<RotAnswer> => {
  try {
    return { kind: 'done', value: await answer(question) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { name, message, stack = '' } = error
    return { kind: 'failed', name, message, stack, ...('code' in error && { code: error.code }) }
  }
})

async function answer(question: RotQuestion): Promise<RotAnswers[keyof RotAnswers]> {
  switch (question.kind) {
    case 'start':
      return start(question.dataDir)
    case 'is-told':
      return logger.lines.some(({ level }) => /warn|error/.test(level))
    case 'check': {
      const { findingCount, damagedValues } = await running().check({ repair: true })
      return findingCount + damagedValues
    }
    case 'stop':
      await running().stop()
      return true
    case 'read': {
      await using directory = await openDataDirectory(question.dataDir)
      const content = await readContent(directory, question.asked)
      const { kind, text } = question.evidence
      await directory.evidence(question.asked.repository).add(kind, Buffer.from(text))
      return [...content]
    }
    case 'publish': {
      const { state: stateDir, tree: treeDir, recheck } = question
      return (await publishTree({ stateDir, treeDir, recheck })).counts.refused
    }
  }
}

/** All that a node opens when it starts; that it also meets others takes too long for each damage. */
async function start(dataDir: string): Promise<RotAnswers['start']> {
  logger = new RecordingLogger()
  await loadPeerKey(join(dataDir, 'peer'))
  await (await openPeerDatastore(join(dataDir, 'peer'), logger)).close()
  node = await createNode({
    ...{ dataDir, logger, version: '0.0.0-test', offline: true },
    ...{ http: LOOPBACK, https: LOOPBACK },
  })
  await node.start()
  const { url, secureUrl, certificateFile = '' } = node
  return { url: String(url), secureUrl: String(secureUrl), certificateFile }
}

function running(): Node {
  if (node === undefined) throw new Error('Cannot ask the node: it was not started')
  return node
}
