import {
  formatHistoryLine,
  HistoryTree,
  leafHash,
  parseHistoryLine,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  sha256,
  tilePath,
  verifyConsistency,
  VerifiedHistory,
  verifyInclusion,
} from '@jarswarm/manifest'
import type { Digest, HistoryState, TileFetcher } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { isDeepStrictEqual } from 'node:util'
import { mustHold } from './_input.ts'
import type { InputKind } from './_input.ts'

/** Two full tiles, and incomplete ones of two levels. */
const SIZE = 600
const BEFORE = 300
const LINE = 277

const lineOf = (index: number): Uint8Array =>
  formatHistoryLine({
    seq: 1 + index,
    kind: index % 3 === 0 ? 'mut' : 'put',
    digest: sha256(Buffer.from(String(index))),
    sizeBytes: index,
    path: parsePath(`org/example/lib/${String(index)}/lib-${String(index)}.jar`),
  })

/** What the history is made of: lines, names of tiles, tiles, bundles, proofs, and the state that a publisher keeps. */
export async function historyInputs(): Promise<readonly InputKind[]> {
  const tree = new HistoryTree()
  for (let index = 0; index < BEFORE; index += 1) tree.append(lineOf(index))
  const before = { size: BEFORE, root: tree.root }
  for (let index = BEFORE; index < SIZE; index += 1) tree.append(lineOf(index))
  const state = { size: SIZE, root: tree.root }
  const tiles = new Map(tree.takeFiles().map(({ path, bytes }) => [path, bytes]))
  const source = (path: string): Promise<Uint8Array | undefined> => Promise.resolve(tiles.get(path))
  const inclusion = await proveInclusion(source, LINE, SIZE)
  const consistency = await proveConsistency(source, BEFORE, SIZE)
  return [
    ...texts(tiles),
    tileFiles(tiles, state),
    proofs(
      'inclusion proof',
      { index: LINE, hash: leafHash(lineOf(LINE)), proof: inclusion },
      (said) => {
        verifyInclusion(state, said, said.proof)
      },
    ),
    proofs('consistency proof', { ...before, proof: consistency }, (said) => {
      verifyConsistency({ size: said.size, root: said.root }, state, said.proof)
    }),
    keptState(tree),
  ]
}

function texts(tiles: ReadonlyMap<string, Uint8Array>): readonly InputKind[] {
  return [
    {
      name: 'history line',
      samples: [lineOf(1), lineOf(LINE)],
      refusals: ['InvalidHistoryError'],
      take(bytes) {
        const again = Buffer.from(formatHistoryLine(parseHistoryLine(bytes)))
        mustHold(again.equals(bytes), 'a line in a second form')
        return true
      },
    },
    {
      name: 'name of a tile',
      samples: [...tiles.keys(), 'tile/0/x001/234'].map((path) => Buffer.from(path)),
      refusals: ['InvalidHistoryError'],
      take(bytes) {
        const text = Buffer.from(bytes).toString('latin1')
        const { level, index, width } = parseTilePath(text)
        mustHold(tilePath(level, index, width) === text, 'a tile of two names')
        return true
      },
    },
  ]
}

/** Tiles and bundles under a signed root, read as a node reads them from one source that lies in one of them. */
function tileFiles(tiles: ReadonlyMap<string, Uint8Array>, state: HistoryState): InputKind {
  const lines = Array.from({ length: SIZE }, (_, index) => Buffer.from(lineOf(index)))
  return {
    name: 'history tile or bundle',
    samples: [...tiles.values()],
    refusals: ['InvalidHistoryError'],
    async take(bytes, sample) {
      const fetch: TileFetcher = (asked, check) => {
        check(
          asked.map(({ level, index, width }) => {
            const right = tiles.get(tilePath(level, index, width)) ?? new Uint8Array()
            return right === sample ? bytes : right
          }),
        )
        return Promise.resolve()
      }
      const history = new VerifiedHistory(state, fetch)
      const found: Uint8Array[] = []
      for (let bundle = 0; bundle < history.bundles; bundle += 1) {
        found.push(...(await history.lines(bundle)))
      }
      const isSame = found.every((line, index) => lines[index]?.equals(line) === true)
      mustHold(isSame && found.length === SIZE, 'other lines')
      return true
    },
  }
}

/** A proof as a JSON document, for it has no bytes of its own; the state it leads to is signed and stays. */
function proofs<S extends { readonly proof: readonly Digest[] }>(
  name: string,
  statement: S,
  verify: (said: S) => void,
): InputKind {
  return {
    name,
    samples: [Buffer.from(JSON.stringify(statement))],
    refusals: ['InvalidHistoryProofError'],
    take(bytes) {
      const said = readStatement(bytes)
      if (said === undefined) return false
      verify(said as S)
      mustHold(isDeepStrictEqual(said, statement), `another ${name}`)
      return true
    },
  }
}

/** Whoever hands a proof in has read it from a typed document; another document is no case of these verifiers. */
function readStatement(bytes: Uint8Array): unknown {
  try {
    const { index, hash, size, root, proof } = JSON.parse(
      Buffer.from(bytes).toString(),
    ) as Readonly<Record<string, unknown>>
    const isList = Array.isArray(proof) && proof.every((one) => typeof one === 'string')
    if (!isList) return undefined
    if (typeof index === 'number' && typeof hash === 'string') return { index, hash, proof }
    if (typeof size === 'number' && typeof root === 'string') return { size, root, proof }
    return undefined
  } catch {
    return undefined
  }
}

function keptState(tree: HistoryTree): InputKind {
  return {
    name: 'kept state of the history',
    samples: [tree.toBytes()],
    refusals: ['InvalidHistoryError'],
    take(bytes) {
      const found = HistoryTree.fromBytes(bytes)
      // Whoever reads it compares the root with the signed head.
      if (found.root !== tree.root || found.size !== tree.size) return false
      mustHold(
        Buffer.from(found.toBytes()).equals(tree.toBytes()),
        'another state of the same root',
      )
      return true
    },
  }
}
