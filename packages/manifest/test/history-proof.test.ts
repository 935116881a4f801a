import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  EMPTY_HISTORY_ROOT,
  HistoryTree,
  InvalidHistoryError,
  InvalidHistoryProofError,
  leafHash,
  nodeHash,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts'
import type { Digest, HistoryState } from '../src/index.ts'
import { hashOfPrefix } from '../src/history-proof.ts'

// Cases of other implementations. They are not part of this repository; a folder beside it may hold them.
const VECTORS = fileURLToPath(new URL('../../../../shared/vectors/rfc6962', import.meta.url))

type HistoryEntry = Parameters<typeof verifyInclusion>[1]

const line = (index: number): Buffer => Buffer.from(`line ${index}`)
const hex = (base64: string | null): Digest => Buffer.from(base64 ?? '', 'base64').toString('hex')

/** Histories of 0 to `size` lines: the root of each, and the tiles that each published. */
function grow(size: number): { roots: Digest[]; tiles: Map<string, Uint8Array> } {
  const tree = new HistoryTree()
  const roots = [tree.root]
  const tiles = new Map<string, Uint8Array>()
  for (let index = 0; index < size; index++) {
    tree.append(line(index))
    roots.push(tree.root)
    for (const { path, bytes } of tree.takeFiles()) tiles.set(path, bytes)
  }
  return { roots, tiles }
}

const SIZE = 600
const { roots, tiles } = grow(SIZE)
const rootAt = (size: number): Digest => roots[size] ?? assert.fail()
const source = (path: string): Promise<Uint8Array | undefined> => Promise.resolve(tiles.get(path))

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 70 }),
  fc.constantFrom(255, 256, 257, 511, 512, 513),
  fc.integer({ min: 1, max: SIZE }),
)

/** All ways to spoil a proof by little. */
function spoil(proof: readonly Digest[]): Digest[][] {
  const other = leafHash(Buffer.from('other'))
  return [
    [...proof, other],
    [other, ...proof],
    ...proof.map((_, index) => proof.toSpliced(index, 1)),
    ...proof.map((hash, index) =>
      proof.with(
        index,
        hash.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      ),
    ),
    ...proof.map((hash, index) => proof.with(index, `${hash}00`)),
    ...proof.map((hash, index) => proof.with(index, hash.toUpperCase())),
    ...proof
      .slice(1)
      .map((hash, index) => proof.with(index, hash).with(index + 1, proof[index] ?? '')),
  ]
}

describe('verifyInclusion', () => {
  it('takes each line of each history, and no spoiled proof', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, seed) => {
        const index = seed % size
        const proof = await proveInclusion(source, index, size)
        const state = { size, root: rootAt(size) }
        const entry = { index, hash: leafHash(line(index)) }
        verifyInclusion(state, entry, proof)
        for (const bad of spoil(proof)) {
          assert.throws(() => {
            verifyInclusion(state, entry, bad)
          }, InvalidHistoryProofError)
        }
        const shifted = { index: index + 1, hash: entry.hash }
        assert.throws(() => {
          verifyInclusion(state, shifted, proof)
        }, InvalidHistoryProofError)
        const other = { index, hash: leafHash(line(index + 1)) }
        assert.throws(() => {
          verifyInclusion(state, other, proof)
        }, InvalidHistoryProofError)
      }),
    )
  })
  it('refuses a way that ends below the root, or goes on above it', () => {
    const [first, second] = [leafHash(line(0)), leafHash(line(1))]
    const refuses = (state: HistoryState, entry: HistoryEntry, proof: Digest[]): void => {
      assert.throws(() => {
        verifyInclusion(state, entry, proof)
      }, InvalidHistoryProofError)
    }
    refuses({ size: 4, root: rootAt(4) }, { index: 0, hash: rootAt(4) }, [])
    refuses({ size: 1, root: rootAt(2) }, { index: 0, hash: second }, [first])
  })
  it('refuses an index that is no count', () => {
    const state = { size: 1, root: rootAt(1) }
    for (const index of [-1, 0.5, NaN, 1]) {
      assert.throws(() => {
        verifyInclusion(state, { index, hash: leafHash(line(0)) }, [])
      }, InvalidHistoryProofError)
    }
  })
})

describe('verifyConsistency', () => {
  it('takes each pair of histories, and no spoiled proof', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (a, b) => {
        const before = { size: Math.min(a, b), root: rootAt(Math.min(a, b)) }
        const after = { size: Math.max(a, b), root: rootAt(Math.max(a, b)) }
        const proof = await proveConsistency(source, before.size, after.size)
        verifyConsistency(before, after, proof)
        for (const bad of spoil(proof)) {
          assert.throws(() => {
            verifyConsistency(before, after, bad)
          }, InvalidHistoryProofError)
        }
        const forged = { size: before.size, root: leafHash(line(0)) }
        if (before.size > 1) {
          assert.throws(() => {
            verifyConsistency(forged, after, proof)
          }, InvalidHistoryProofError)
        }
        assert.throws(() => {
          verifyConsistency(before, { size: after.size, root: leafHash(line(9)) }, proof)
        }, InvalidHistoryProofError)
      }),
    )
  })
  it('refuses to call anything a continuation of no lines', async () => {
    const nothing = { size: 0, root: EMPTY_HISTORY_ROOT }
    assert.throws(() => {
      verifyConsistency(nothing, nothing, [])
    }, InvalidHistoryProofError)
    assert.throws(() => {
      verifyConsistency(nothing, { size: 3, root: rootAt(3) }, [])
    }, InvalidHistoryProofError)
    await assert.rejects(proveConsistency(source, 0, 3), RangeError)
  })
  it('takes a history for a continuation of itself, of any size', () => {
    for (const size of [1, 2, 3, 6]) {
      const state = { size, root: rootAt(size) }
      verifyConsistency(state, state, [])
    }
  })
  it('refuses sizes that are none, and hashes that fit another size', () => {
    const other = leafHash(line(9))
    const at = (size: number, root: Digest): HistoryState => ({ size, root })
    const refuses = (before: HistoryState, after: HistoryState, proof: Digest[]): void => {
      assert.throws(() => {
        verifyConsistency(before, after, proof)
      }, InvalidHistoryProofError)
    }
    const [root1, root3] = [rootAt(1), rootAt(3)]
    refuses(at(0.5, root1), at(0.5, root1), [])
    refuses(at(0.5, root1), at(1, root1), [root1])
    refuses(at(1, root1), at(1.5, nodeHash(root1, other)), [other])
    refuses(at(3, root3), at(2, nodeHash(root3, other)), [root3, other])
    const second = nodeHash(leafHash(line(2)), leafHash(line(3)))
    verifyConsistency(at(2, rootAt(2)), at(4, rootAt(4)), [second])
    refuses(at(2, rootAt(2)), at(5, rootAt(4)), [second])
    refuses(at(2, rootAt(2)), at(2, rootAt(2)), [second])
  })
  it('refuses two roots of one size', () => {
    assert.throws(() => {
      verifyConsistency({ size: 3, root: rootAt(3) }, { size: 3, root: rootAt(2) }, [])
    }, InvalidHistoryProofError)
  })
  it('refuses a history that shrinks', () => {
    assert.throws(() => {
      verifyConsistency({ size: 3, root: rootAt(3) }, { size: 2, root: rootAt(2) }, [])
    }, InvalidHistoryProofError)
  })
})

describe('proveInclusion', () => {
  it('names the tile that is missing', async () => {
    const none = (): Promise<undefined> => Promise.resolve(undefined)
    await assert.rejects(proveInclusion(none, 0, 2), InvalidHistoryError)
    await assert.rejects(proveConsistency(none, 1, 2), InvalidHistoryError)
  })
  it('begins with the root that the history had', async () => {
    for (const size of [0, 1, 2, 3, 255, 256, 257, SIZE]) {
      assert.equal(await hashOfPrefix(source, size, SIZE), rootAt(size))
    }
  })
  it('refuses places outside the history', async () => {
    await assert.rejects(proveInclusion(source, 2, 2), RangeError)
    await assert.rejects(proveConsistency(source, 3, 2), RangeError)
    for (const size of [-1, 3, NaN]) await assert.rejects(hashOfPrefix(source, size, 2), RangeError)
  })
})

describe('a history of any size that a number counts', () => {
  // The same line, over and over: all hashes of a level are one.
  const same = [leafHash(line(0))]
  for (let level = 1; level <= 53; level += 1) {
    const below = same[level - 1] ?? assert.fail()
    same.push(nodeHash(below, below))
  }
  const endless = (path: string): Promise<Uint8Array> => {
    const { level, width } = parseTilePath(path)
    const hash = same[8 * Number(level)] ?? assert.fail()
    return Promise.resolve(Buffer.from(hash.repeat(width), 'hex'))
  }
  const powers = Array.from({ length: 52 }, (_, exponent) => 2 ** (exponent + 1))

  it('is proved to continue any shorter one', async () => {
    for (const power of powers) {
      for (const [before, after] of [
        [1, power],
        [power / 2 + 1, power],
        [power - 1, power],
        [power - 1, power + 1],
        [power, power + 1],
        [Math.ceil(power / 3), power * 2 - 1],
      ] as const) {
        const was = { size: before, root: await hashOfPrefix(endless, before, after) }
        const is = { size: after, root: await hashOfPrefix(endless, after, after) }
        verifyConsistency(was, is, await proveConsistency(endless, before, after))
      }
    }
  })

  it('is proved to hold its last line', async () => {
    for (const size of powers.flatMap((power) => [power - 1, power, power + 1])) {
      const state = { size, root: await hashOfPrefix(endless, size, size) }
      const last = { index: size - 1, hash: leafHash(line(0)) }
      verifyInclusion(state, last, await proveInclusion(endless, size - 1, size))
    }
  })
})

describe('vectors of RFC 6962', () => {
  const skip = existsSync(VECTORS)
    ? false
    : 'the folder shared/vectors/rfc6962 beside the repository is absent'
  const cases = (kind: string): [string, unknown][] =>
    globSync(`${VECTORS}/${kind}/**/*.json`).map((file) => [
      file,
      JSON.parse(readFileSync(file, 'utf8')),
    ])
  const judge = (file: string, wantErr: boolean, verify: () => void): void => {
    if (wantErr) assert.throws(verify, InvalidHistoryProofError, file)
    else assert.doesNotThrow(verify, file)
  }

  it('agree about inclusion', { skip }, () => {
    for (const [file, json] of cases('inclusion')) {
      const { leafIdx, treeSize, root, leafHash: hash, proof, wantErr } = json as InclusionCase
      judge(file, wantErr, () => {
        const entry = { index: leafIdx, hash: hex(hash) }
        verifyInclusion({ size: treeSize, root: hex(root) }, entry, (proof ?? []).map(hex))
      })
    }
  })
  it('agree about consistency', { skip }, () => {
    for (const [file, json] of cases('consistency')) {
      const { size1, size2, root1, root2, proof, wantErr } = json as ConsistencyCase
      judge(file, wantErr, () => {
        const before = { size: size1, root: hex(root1) }
        verifyConsistency(before, { size: size2, root: hex(root2) }, (proof ?? []).map(hex))
      })
    }
  })
})

interface InclusionCase {
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string | null
  readonly leafHash: string | null
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

interface ConsistencyCase {
  readonly size1: number
  readonly size2: number
  readonly root1: string | null
  readonly root2: string | null
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}
