import { join } from 'node:path'
import { CorruptFileError, readPrivateFile, writeFileAtomically } from '@jarswarm/files'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'

const KEY_FILE = 'peer.key'

/**
 * The key that names this node, from `peer.key` in its directory; made, for the owner's eyes only, when it is
 * not there. The directory must exist.
 *
 * @throws {CorruptFileError} when the file holds no key; the node must not go on under another name
 * @throws {KeysExposedError} when others can read it
 */
export async function loadPeerKey(directory: string): Promise<Ed25519PrivateKey> {
  const file = join(directory, KEY_FILE)
  let bytes: Uint8Array
  try {
    bytes = await readPrivateFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return createPeerKey(file)
  }
  try {
    const key = privateKeyFromProtobuf(bytes)
    // The file holds the public half, too, and a turned bit in either makes a key with which nobody can talk.
    const works = await key.publicKey.verify(bytes, await key.sign(bytes))
    // Some turned bits change nothing that is read: the file is not what was written all the same.
    const isWritten = Buffer.compare(privateKeyToProtobuf(key), bytes) === 0
    if (works && isWritten && key.type === 'Ed25519') return key
  } catch (cause) {
    throw noKey(file, bytes, cause)
  }
  throw noKey(file, bytes)
}

function noKey(file: string, bytes: Uint8Array, cause?: unknown): CorruptFileError {
  const found = `${String(bytes.length)} bytes that are no private key`
  return new CorruptFileError(
    `Cannot read the peer key ${file}: found ${found}, wanted an Ed25519 key; remove the file to get a new name`,
    { cause },
  )
}

async function createPeerKey(file: string): Promise<Ed25519PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  await writeFileAtomically(file, privateKeyToProtobuf(key))
  return key
}
