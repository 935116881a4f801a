import {
  findEntry,
  formatHead,
  formatPack,
  formatPieceList,
  formatWithdrawals,
  parseHead,
  parseIndexNode,
  parsePack,
  parsePieceList,
  PIECE_BYTES,
  proveDirectory,
  readWithdrawals,
  sha256,
  verifyProof,
} from '@jarswarm/manifest'
import type { Head, NodeSource } from '@jarswarm/manifest'
import { isPath, parsePath } from '@jarswarm/maven'
import { publishedPath } from '@jarswarm/ports'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { isDeepStrictEqual } from 'node:util'
import { mustHold } from './_input.ts'
import type { InputKind } from './_input.ts'

/** Enough directories that the root is a branch. */
const VERSIONS = 80
const DIRECTORY = 'org/example/lib/7'
const PATH = `${DIRECTORY}/lib-7.jar`
const PIECES = 3

/** What the index is made of: heads, nodes, proofs, piece lists, packs, withdrawals. */
export async function indexInputs(): Promise<readonly InputKind[]> {
  const builder = new SignedRepositoryBuilder()
  for (let version = 0; version < VERSIONS; version += 1) {
    const stem = `org/example/lib/${String(version)}/lib-${String(version)}`
    builder.put(`${stem}.jar`, `jar ${String(version)}`).put(`${stem}.pom`, 'a pom')
  }
  const { head } = builder.publish()
  const source: NodeSource = (digest) =>
    Promise.resolve(builder.files.get(publishedPath({ kind: 'object', digest })))
  const proof = await proveDirectory(source, head.index.root, DIRECTORY)
  return [heads(head), ...nodes(proof, head), ...objects(proof)]
}

function heads(head: Head): InputKind {
  const later = {
    ...head,
    seq: 2,
    previous: sha256(formatHead(head)),
    observed: 'https://repo.example/',
  }
  return {
    name: 'head',
    samples: [formatHead(head), formatHead(later)],
    refusals: ['InvalidHeadError'],
    take(bytes) {
      mustHold(Buffer.from(formatHead(parseHead(bytes))).equals(bytes), 'a head in a second form')
      return true
    },
  }
}

function nodes(proof: readonly Uint8Array[], head: Head): readonly InputKind[] {
  const wanted = verifyProof(head.index.root, DIRECTORY, proof)
  return [
    {
      name: 'index node',
      samples: proof,
      refusals: ['InvalidIndexNodeError'],
      take(bytes) {
        const node = parseIndexNode(bytes)
        const files = node.kind === 'branch' ? [] : node.contents.flatMap(({ entries }) => entries)
        mustHold(
          files.every(({ path }) => isPath(path)),
          'a path that is none',
        )
        mustHold(
          files.every(({ path }, place) => isDeepStrictEqual(findIn(node, path), files[place])),
          'an index node in which a file is not found again',
        )
        return true
      },
    },
    {
      name: 'index proof',
      samples: proof,
      refusals: ['InvalidProofError'],
      take(bytes, sample) {
        const damaged = proof.map((one) => (one === sample ? bytes : one))
        const found = verifyProof(head.index.root, DIRECTORY, damaged)
        mustHold(isDeepStrictEqual(found, wanted), 'a proof of other files')
        return true
      },
    },
    {
      name: 'index node by its digest',
      samples: proof,
      refusals: ['InvalidIndexNodeError'],
      async take(bytes, sample) {
        const digest = sha256(sample)
        const source: NodeSource = (asked) =>
          Promise.resolve(asked === digest ? bytes : proof.find((one) => sha256(one) === asked))
        const entry = await findEntry(source, head.index.root, parsePath(PATH))
        const right = wanted?.find(({ path }) => path === PATH)
        mustHold(isDeepStrictEqual(entry, right), 'another entry of a path')
        return true
      },
    },
  ]
}

function findIn(node: ReturnType<typeof parseIndexNode>, path: string): unknown {
  if (node.kind === 'branch') return undefined
  return node.contents.flatMap(({ entries }) => entries).find((entry) => entry.path === path)
}

function objects(proof: readonly Uint8Array[]): readonly InputKind[] {
  const pieces = Array.from({ length: PIECES }, (_, piece) => sha256(Buffer.of(piece)))
  const withdrawals = ['a/b/1/b-1.jar', 'a/c/2/c-2.pom'].map((path, place) => {
    const digest = sha256(Buffer.from(path))
    return { path: parsePath(path), digest, seq: 2 + place, issuedSeconds: 9, reason: 'malware' }
  })
  const list = formatWithdrawals(withdrawals)
  const { pointer } = list
  return [
    {
      name: 'piece list',
      samples: [formatPieceList(pieces)],
      refusals: ['InvalidPieceListError'],
      take(bytes) {
        const found = parsePieceList(bytes, PIECES * PIECE_BYTES)
        mustHold(Buffer.from(formatPieceList(found)).equals(bytes), 'a piece list in a second form')
        return true
      },
    },
    {
      name: 'pack',
      samples: [Buffer.from(formatPack(proof))],
      refusals: ['InvalidPackError'],
      async take(bytes) {
        const found: Uint8Array[] = []
        for await (const object of parsePack([bytes])) found.push(object)
        mustHold(Buffer.from(formatPack(found)).equals(bytes), 'a pack in a second form')
        return true
      },
    },
    {
      name: 'withdrawals',
      samples: list.parts.map((part) => part.bytes),
      refusals: ['InvalidWithdrawalsError'],
      async take(bytes) {
        const found = await readWithdrawals(pointer, () => Promise.resolve(bytes))
        const again = formatWithdrawals(found).parts.map((part) => Buffer.from(part.bytes))
        mustHold(
          again.every((part) => part.equals(bytes)),
          'withdrawals in a second form',
        )
        return true
      },
    },
  ]
}
