import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createLogger, createNode, createPrimary } from '@jarswarm/node'
import type { Node, NodeInit, Primary, PrimaryInit } from '@jarswarm/node'
import { initRepository } from '@jarswarm/publisher'
import { parseLink } from '@jarswarm/trust'
import { writeTree } from './_tree.ts'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
const ANY_HTTP = { host: '127.0.0.1', port: 0 }
const logger = createLogger({ level: 'silent' })

/** A directory that the test removes. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-node-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

export interface StartPrimaryInit extends Pick<PrimaryInit, 'walkMs'> {
  readonly directory: string
  readonly name?: string
}

/** A started primary over a small tree; stopped by the test. */
export async function startPrimary(
  t: TestContext,
  { directory, name = 'demo', ...rest }: StartPrimaryInit,
): Promise<Primary> {
  const stateDir = join(directory, `${name}-state`)
  const treeDir = join(directory, `${name}-tree`)
  writeTree(treeDir)
  await initRepository({ stateDir, name })
  const init = { stateDir, treeDir, http: ANY_HTTP, listen: LOOPBACK, logger, ...rest }
  const primary = await createPrimary(init)
  t.after(() => primary.stop())
  await primary.start()
  return primary
}

export interface StartNodeInit extends Partial<NodeInit> {
  readonly dataDir: string
  readonly links?: readonly string[]
}

/** A started node; stopped by the test. */
export async function startNode(t: TestContext, init: StartNodeInit): Promise<Node> {
  const { links = [], ...rest } = init
  const join = links.map((link) => parseLink(link))
  const node = await createNode({
    version: '0.0.0-test',
    http: ANY_HTTP,
    listen: LOOPBACK,
    logger,
    join,
    ...rest,
  })
  t.after(() => node.stop())
  await node.start()
  return node
}
