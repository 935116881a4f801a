import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

/** What a reader that knows only docs/design.md finds in a tree. */
export interface ReadState {
  readonly seq: number
  readonly timestampVersion: number
  /** As the head says. */
  readonly observed: string | null
  /** `<sha256> <size>` by path. */
  readonly files: ReadonlyMap<string, string>
  /** Lines of the history. */
  readonly history: readonly string[]
}

interface HeadDocument {
  seq: number
  observed: string | null
  index: { bytes: number; directories: number; files: number; root: string }
  history: { root: string; size: number }
  pack: { bytes: number; sha256: string }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Read all that a tree publishes, starting at the manifest; undefined when there is none. Asserts that it is whole. */
export async function readPublished(treeDir: string): Promise<ReadState | undefined> {
  const at = (...names: string[]): Promise<Buffer> => readFile(join(treeDir, '.jarswarm', ...names))
  let manifest: Buffer
  try {
    manifest = await at('manifest')
  } catch {
    return undefined
  }
  const parts = readParts(manifest)
  const head = JSON.parse(part(parts, 'head').toString()) as HeadDocument
  const targets = JSON.parse(part(parts, 'targets').toString()) as {
    signed: { targets: Record<string, { hashes: { sha256: string } }> }
  }
  assert.equal(targets.signed.targets['head.json']?.hashes.sha256, sha256(part(parts, 'head')))
  assert.deepEqual(await at('roots', `${rootNumber(manifest)}.root.json`), part(parts, 'root'))
  const object = async (digest: string): Promise<string> => {
    const bytes = await at('objects', digest.slice(0, 2), digest)
    assert.equal(sha256(bytes), digest)
    return bytes.toString()
  }
  const files = new Map<string, string>()
  await readNode(head.index.root, { object, files, at })
  assert.equal(files.size, head.index.files)
  const pack = await at('packs', head.pack.sha256)
  assert.equal(sha256(pack), head.pack.sha256)
  assert.ok(zstdDecompressSync(pack).toString('latin1').startsWith('jarswarm pack 1\n'))
  const timestamp = JSON.parse(part(parts, 'timestamp').toString()) as {
    signed: { version: number }
  }
  const history = await readHistory(head.history.size, at)
  assert.equal(hashOf(history.map((line) => leaf(line))).toString('hex'), head.history.root)
  checkFold(history, files)
  const { seq, observed } = head
  return { seq, observed, timestampVersion: timestamp.signed.version, files, history }
}

/** The second line of a manifest names its root. */
function rootNumber(manifest: Buffer): string {
  return manifest.toString('latin1').split('\n', 2)[1]?.split(' ')[1] ?? ''
}

function part(parts: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const bytes = parts.get(name)
  assert.ok(bytes)
  return bytes
}

function readParts(manifest: Buffer): Map<string, Buffer> {
  const parts = new Map<string, Buffer>()
  let offset = 'jarswarm manifest 1\n'.length
  assert.equal(manifest.toString('latin1', 0, offset), 'jarswarm manifest 1\n')
  while (offset < manifest.length) {
    const end = manifest.indexOf(10, offset)
    const fields = manifest.toString('latin1', offset, end).split(' ')
    const length = Number(fields.at(-1))
    assert.ok(end > offset && length >= 0 && end + length < manifest.length)
    parts.set(fields[0] ?? '', manifest.subarray(end + 1, end + 1 + length))
    offset = end + 1 + length + 1
  }
  return parts
}

interface NodeReading {
  readonly object: (digest: string) => Promise<string>
  readonly at: (...names: string[]) => Promise<Buffer>
  readonly files: Map<string, string>
}

async function readNode(digest: string, reading: NodeReading): Promise<void> {
  const [title, ...lines] = (await reading.object(digest)).split('\n').slice(0, -1)
  if (title === 'jarswarm branch 1') {
    for (const line of lines) await readNode(line.split(' ')[1] ?? '', reading)
    return
  }
  assert.equal(title, 'jarswarm leaf 1')
  let directory = ''
  for (const line of lines) {
    if (line.startsWith('/')) {
      directory = line.slice(1)
      continue
    }
    await readFileLine(directory, line, reading)
  }
}

async function readFileLine(directory: string, line: string, reading: NodeReading): Promise<void> {
  const [blob = '', , size = '', , pieces, name = ''] = line.split(' ')
  const path = directory === '' ? name : `${directory}/${name}`
  reading.files.set(path, `${blob} ${size}`)
  if (pieces !== undefined && pieces !== '-') {
    assert.match(await reading.object(pieces), /^jarswarm pieces 1\n/)
  }
  if (name === 'maven-metadata.xml' || path.includes('-SNAPSHOT/')) {
    assert.equal(sha256(await reading.at('blobs', blob.slice(0, 2), blob)), blob)
  }
}

async function readHistory(size: number, at: NodeReading['at']): Promise<string[]> {
  const lines: string[] = []
  for (let index = 0; lines.length < size; index += 1) {
    const width = Math.min(256, size - lines.length)
    const name = String(index).padStart(3, '0')
    const bundle = await (width === 256
      ? at('log', 'tile', 'entries', name)
      : at('log', 'tile', 'entries', `${name}.p`, String(width)))
    const hashes = await (width === 256
      ? at('log', 'tile', '0', name)
      : at('log', 'tile', '0', `${name}.p`, String(width)))
    for (let offset = 0, row = 0; offset < bundle.length; row += 1) {
      const length = bundle.readUInt16BE(offset)
      const line = bundle.toString('latin1', offset + 2, offset + 2 + length)
      assert.deepEqual(hashes.subarray(row * 32, row * 32 + 32), leaf(line))
      lines.push(line)
      offset += 2 + length
    }
  }
  return lines
}

function leaf(line: string): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(line).digest()
}

/** RFC 6962, section 2.1. */
function hashOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  const [first] = leaves
  if (leaves.length === 1 && first) return first
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(hashOf(leaves.slice(0, split)))
    .update(hashOf(leaves.slice(split)))
    .digest()
}

function checkFold(history: readonly string[], files: ReadonlyMap<string, string>): void {
  const fold = new Map<string, string>()
  for (const line of history) {
    const [, , kind, digest = '', size = '', path = ''] = line.split(' ')
    if (kind === 'del') fold.delete(path)
    else fold.set(path, `${digest} ${size}`)
  }
  assert.deepEqual([...fold].sort(), [...files].sort())
}
