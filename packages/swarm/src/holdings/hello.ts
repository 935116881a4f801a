/**
 * Payload of a `hello` request and of its answer, in which each side names what it follows:
 *
 * offset  size  field
 *      0     1  flags: 1 = a bootstrap node
 *      1     1  number of repositories
 *      2    32  repository id, for each
 */
import type { RepositoryId } from '@jarswarm/trust'
import { hexOf } from '../exchange/message.ts'
import { MAX_REPOSITORIES } from '../limits.ts'

const HEAD_BYTES = 2
const ID_BYTES = 32

export interface Hello {
  readonly bootstrap: boolean
  readonly repositories: readonly RepositoryId[]
}

export function formatHello(hello: Hello): Uint8Array {
  const ids = hello.repositories.slice(0, MAX_REPOSITORIES)
  const bytes = new Uint8Array(HEAD_BYTES + ids.length * ID_BYTES)
  bytes[0] = hello.bootstrap ? 1 : 0
  bytes[1] = ids.length
  for (const [at, id] of ids.entries()) {
    bytes.set(Buffer.from(id, 'hex'), HEAD_BYTES + at * ID_BYTES)
  }
  return bytes
}

/** @returns undefined when it is malformed or names more than `MAX_REPOSITORIES` */
export function parseHello(bytes: Uint8Array): Hello | undefined {
  const count = bytes[1]
  if (count === undefined || count > MAX_REPOSITORIES) return undefined
  if (bytes.length !== HEAD_BYTES + count * ID_BYTES) return undefined
  const repositories: RepositoryId[] = []
  for (let start = HEAD_BYTES; start < bytes.length; start += ID_BYTES) {
    repositories.push(hexOf(bytes.subarray(start, start + ID_BYTES)))
  }
  return { bootstrap: ((bytes[0] ?? 0) & 1) === 1, repositories }
}

/** The longest hello. */
export const MAX_HELLO_BYTES: number = HEAD_BYTES + MAX_REPOSITORIES * ID_BYTES
