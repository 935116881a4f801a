import type { HttpFile, PatientReader } from '@jarswarm/http'
import { MAX_SIDECAR_BYTES } from './sidecar-check.ts'

/** The text of a checksum file at a server; undefined when it has none. */
export async function readSidecar(
  reader: PatientReader,
  path: string,
): Promise<string | undefined> {
  return await reader.ask(path, {}, async (answer) =>
    answer.kind === 'file' ? readText(answer) : undefined,
  )
}

/** A text that is too long to be a checksum's is cut where that shows. */
async function readText(file: HttpFile): Promise<string> {
  let text = ''
  for await (const chunk of file.body) {
    text += Buffer.from(chunk).toString('latin1')
    if (text.length <= MAX_SIDECAR_BYTES) continue
    file.discard()
    break
  }
  return text
}
