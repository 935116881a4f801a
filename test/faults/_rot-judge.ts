import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { get } from 'node:https'
import { basename, join } from 'node:path'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Node } from '@jarswarm/node'
import { openDataDirectory } from '@jarswarm/store'
import { RecordingLogger } from '@jarswarm/testkit'
import { openPeerDatastore } from '../../packages/swarm/src/peer-datastore.ts'
import { loadPeerKey } from '../../packages/swarm/src/peer-key.ts'
import { compareContent, readContent } from './_rot-content.ts'
import { assertRefusal, isMendedNextTime, rottenBlobs } from './_rot-swarm.ts'
import type { RotSwarm } from './_rot-swarm.ts'

/** Where damage was noticed first, or that it changed nothing. `check`: by a check, or by writing the file anew. */
export type RotOutcome = 'start' | 'reading' | 'check' | 'harmless'

/** Use a damaged data directory in all ways. Throws when something wrong went out, or when what changed was not noticed. */
export async function judgeDirectory(
  swarm: RotSwarm,
  copy: string,
  damaged: string,
): Promise<RotOutcome> {
  const logger = new RecordingLogger()
  const isTold = (): boolean => logger.lines.some(({ level }) => /warn|error/.test(level))
  const file = join(copy, damaged)
  const rotten = rottenBlobs(copy)
  const bytes = readFileSync(file)
  const noticedAt: RotOutcome[] = []
  const node = await open(swarm, copy, logger).catch((error: unknown) => {
    noticedAt.push('start')
    if (isMendedNextTime(error)) return open(swarm, copy, logger)
    assertRefusal(error, file)
    return undefined
  })
  if (node === undefined) return 'start'
  const noticed = (where: RotOutcome, isNoticed: boolean): void => {
    if (isNoticed) noticedAt.push(where)
  }
  try {
    const isReplaced = damaged.startsWith('https/') && !readFileSync(file).equals(bytes)
    noticed('start', isTold() || isReplaced)
    await askSecurely(node)
    const refused = await swarm.getAll(node)
    noticed('reading', isTold() || refused > 0)
    const { findingCount, damagedValues } = await node.check({ repair: true })
    noticed('check', findingCount + damagedValues > 0)
  } finally {
    await node.stop()
  }
  assert.deepEqual(rottenBlobs(copy), [])
  noticed('reading', await judgeRest(swarm, copy, { rotten, isNoticed: noticedAt.length > 0 }))
  return noticedAt[0] ?? 'harmless'
}

/** All that a node opens when it starts; that it also meets others takes too long for each damage. */
async function open(swarm: RotSwarm, copy: string, logger: RecordingLogger): Promise<Node> {
  await loadPeerKey(join(copy, 'peer'))
  await (await openPeerDatastore(join(copy, 'peer'), logger)).close()
  return swarm.startAlone(copy, logger)
}

/** A client that trusts the certificate that the node keeps in its directory. */
async function askSecurely(node: Node): Promise<void> {
  const ca = readFileSync(node.certificateFile ?? '')
  const request = get(`${String(node.secureUrl)}/-/health`, { ca })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  assert.equal(answer.statusCode, 200)
}

/** Compare what the directory says now with what it said. @returns whether that showed damage that heals by itself */
async function judgeRest(
  swarm: RotSwarm,
  copy: string,
  { rotten, isNoticed }: { readonly rotten: readonly string[]; readonly isNoticed: boolean },
): Promise<boolean> {
  await using directory = await openDataDirectory(copy)
  const now = await readContent(directory, swarm.asked)
  const { missing, other } = compareContent(swarm.content, now)
  // A thing may go, and be had again. Nothing may say something else.
  assert.deepEqual(other, [])
  // What only the index and the peers have comes again; these two must not go with it.
  const kept = missing.filter((name) => name.startsWith('blob ') || name === 'trust')
  const mayGo = rotten.map((digest) => `blob ${digest}`)
  assert.deepEqual(isNoticed ? kept.filter((name) => !mayGo.includes(name)) : missing, [])
  for (const digest of rotten) assert.ok(!existsSync(join(copy, 'blobs', basename(digest))))
  return await swarm.bringEvidence(directory)
}
