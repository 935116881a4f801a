import { createHash } from 'node:crypto'

/** Members of a JSON document. */
export type DocumentMembers = Readonly<Record<string, unknown>>

/** A JSON document with its own SHA-256 in it, for a turned bit in a name or an id still reads well. */
export function sealDocument(members: DocumentMembers): string {
  return `${JSON.stringify({ ...members, sha256: checksumOf(members) }, undefined, 2)}\n`
}

/** @returns the members without the checksum; undefined when the text is not as it was sealed */
export function openDocument(text: string): DocumentMembers | undefined {
  try {
    const document = JSON.parse(text) as DocumentMembers | null
    if (typeof document !== 'object' || document === null) return undefined
    const { sha256: said, ...members } = document
    return said === checksumOf(members) ? members : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function checksumOf(members: DocumentMembers): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}
