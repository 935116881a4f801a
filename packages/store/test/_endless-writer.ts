/** Stores blob after blob in the data directory given as argument, and prints each digest once it is acknowledged. */
import { sha256 } from '@jarswarm/manifest'
import { openDataDirectory } from '@jarswarm/store'
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'

const WRITERS = 8
const BLOB_BYTES = 20_480
const PART_BYTES = 8_192

const [root = ''] = process.argv.slice(2)
const { blobs } = await openDataDirectory(root, { freeFloorBytes: 0 })

async function putOne(): Promise<string> {
  const bytes = randomBytes(BLOB_BYTES)
  const digest = sha256(bytes)
  await blobs.put(digest, bytes)
  return digest
}

async function writeOne(): Promise<string> {
  const bytes = randomBytes(BLOB_BYTES)
  const digest = sha256(bytes)
  const writer = await blobs.createWriter({ digest, sizeBytes: BLOB_BYTES })
  for (let at = 0; at < BLOB_BYTES; at += PART_BYTES) {
    await writer.write(at, bytes.subarray(at, at + PART_BYTES))
  }
  await writer.commit()
  return digest
}

async function writeForever(store: () => Promise<string>): Promise<never> {
  for (;;) writeSync(1, `${await store()}\n`)
}

await Promise.all(
  Array.from({ length: WRITERS }, (_, at) => writeForever(at % 2 === 0 ? putOne : writeOne)),
)
