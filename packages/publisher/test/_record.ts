import { sha256 } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { RecordedFile } from '../src/scan-record.ts'

/** What a scan record could say of a file. */
export function recordedFile(path: string, stamp = '1.1'): RecordedFile {
  return {
    entry: {
      path: parsePath(path),
      digest: sha256(Buffer.from(path)),
      sha1: 'b'.repeat(40),
      sizeBytes: 1,
      mtimeSeconds: 1,
      pieceList: undefined,
    },
    stamp,
    refused: undefined,
  }
}
