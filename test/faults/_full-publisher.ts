import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { initRepository } from '@jarswarm/publisher'
import { readPublished } from '../../packages/publisher/test/_reader.ts'
import { runJarswarm } from '../_jarswarm.ts'
import { deploy } from './_deployed.ts'
import { checkPublishedFile } from './_judged-tree.ts'
import { placesOn } from './_places.ts'
import type { SeededRandom } from './_random.ts'
import { SmallDisk } from './_small-disk.ts'

const DISK_MIB = 16
/** A publish of one release writes less than this. */
const MOST_WRITTEN_BYTES = 64 * 1024
const RELEASES_BEFORE = 20

/** What came of publishes on a disk that was full. */
export interface FullPublishes {
  /** Ended with an error that names the cause. */
  refused: number
  /** There was just room enough. */
  done: number
}

/** Publish so often while the disk is full, or nearly so, and again when it is not. */
export async function publishOnFullDisk(
  runs: number,
  random: SeededRandom,
): Promise<FullPublishes> {
  const disk = await SmallDisk.create(DISK_MIB)
  const counts: FullPublishes = { refused: 0, done: 0 }
  try {
    const { tree, state } = placesOn(disk.path)
    mkdirSync(tree)
    for (let version = 1; version <= RELEASES_BEFORE; version += 1) await deploy(tree, version)
    await initRepository({ stateDir: state, name: 'sample', origin: 'http://127.0.0.1:1/' })
    const publish = (): ReturnType<typeof runJarswarm> =>
      runJarswarm(['repo', 'publish', '--state', state, '--tree', tree, '--json'])
    let seq = await published(publish, tree)
    for (let run = 1; run <= runs; run += 1) {
      await deploy(tree, RELEASES_BEFORE + run)
      // The first finds no space at all.
      disk.fill(run === 1 ? 0 : random.below(MOST_WRITTEN_BYTES))
      const { code, stderr } = await publish()
      if (code === 0) counts.done += 1
      else {
        assert.match(stderr, /no space left|disk is full/i)
        counts.refused += 1
      }
      const between = await readWhole(tree)
      assert.ok(between === seq || between === seq + 1, `head ${String(between)} is there`)
      disk.empty()
      seq = await published(publish, tree)
      assert.ok(seq >= between)
    }
  } finally {
    disk.empty()
    await disk.remove()
  }
  return counts
}

/** Publish, and find it published. @returns the number of the head */
async function published(
  publish: () => ReturnType<typeof runJarswarm>,
  tree: string,
): Promise<number> {
  const { code, stderr } = await publish()
  assert.equal(code, 0, stderr)
  return readWhole(tree)
}

/** @returns the number of the head, all of which is there */
async function readWhole(tree: string): Promise<number> {
  const found = await readPublished(tree)
  assert.ok(found)
  for (const [path, says] of found.files) checkPublishedFile(tree, path, says)
  return found.seq
}
