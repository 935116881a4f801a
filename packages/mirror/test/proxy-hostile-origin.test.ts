import { createHash } from 'node:crypto'
import { parsePath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type { ArrivingArtifact, ChecksumKind } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WITHHELD_BYTES } from '../src/proxy/arrival.ts'
import { parseChecksumFile } from '../src/proxy/checksum-file.ts'
import { MAX_CHECKSUM_FILE_BYTES, MAX_DOWNLOADS, MAX_UNSTATED_BYTES } from '../src/proxy/limits.ts'
import { createProxyRig, JAR, read, readAll, reasonOf, waitFor } from './_proxy-rig.ts'
import type { ProxyRig } from './_proxy-rig.ts'

const PAGE = `<html>${'Not found. '.repeat(200)}</html>`
const LARGE = Uint8Array.from({ length: 1_000_000 }, (_, at) => at % 251)

const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')

describe('ProxiedRepository over an origin that', () => {
  it('sends other bytes than it states: nothing of them is kept or served', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    rig.origin.behave(JAR, 'wrong')
    assert.match(await reasonOf(rig, JAR), /bytes of .* with sha512 [0-9a-f]{128} and states/)
    assert.equal(rig.blobs.usage().blobs, 0)
    assert.equal(await rig.cache.get(parsePath(JAR)), undefined)
    assert.match(rig.logger.lines.map(({ message }) => message).join(), /Refused what the origin/)
  })

  for (const kind of ['sha512', 'sha256', 'sha1', 'md5'] as const) {
    it(`has a wrong ${kind} and nothing stronger: refused`, async (t) => {
      const rig = createProxyRig(t)
      rig.origin.put(JAR, { bytes: 'jar', checksums: weakerThan(kind) })
      rig.origin.putRaw(`${JAR}.${kind}`, createHash(kind).update('other').digest('hex'))
      assert.match(await reasonOf(rig, JAR), new RegExp(`with ${kind} .* and states`))
    })

    it(`states a right ${kind} and nothing else: served`, async (t) => {
      const rig = createProxyRig(t)
      rig.origin.put(JAR, { bytes: 'jar', checksums: [kind] })
      assert.equal((await read(rig, JAR)).text, 'jar')
      assert.equal((await rig.cache.get(parsePath(JAR)))?.checksum, kind)
    })
  }

  it('has a wrong checksum beside a stronger right one: the stronger one decides', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar', checksums: ['sha512'] })
    rig.origin.putRaw(`${JAR}.sha1`, 'a'.repeat(40))
    assert.equal((await read(rig, JAR)).text, 'jar')
    assert.equal((await rig.cache.get(parsePath(JAR)))?.sha1, sha1(Buffer.from('jar')))
  })

  it('offers no checksum file: never served', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar', checksums: [] })
    assert.match(await reasonOf(rig, JAR), /offers no checksum file/)
    assert.equal(rig.blobs.usage().blobs, 0)
  })

  it('sends a page for every file that it does not have: neither 404 nor a file', async (t) => {
    const rig = createProxyRig(t)
    for (const end of ['', '.sha512', '.sha256', '.sha1', '.md5']) {
      rig.origin.putRaw(`${JAR}${end}`, PAGE)
    }
    assert.match(await reasonOf(rig, JAR), /offers no checksum file/)
  })

  it('sends pages for the checksums that it does not have: the one that it has decides', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar', checksums: ['sha1'] })
    for (const end of ['.sha512', '.sha256']) rig.origin.putRaw(`${JAR}${end}`, PAGE)
    assert.equal((await read(rig, JAR)).text, 'jar')
  })

  it('sends a checksum file of MAX_CHECKSUM_FILE_BYTES: believed, and none longer', async (t) => {
    const rig = createProxyRig(t)
    const file = (bytes: number): string => `${sha1(Buffer.from('jar'))}  `.padEnd(bytes, 'x')
    for (const [path, bytes] of [
      ['g/a/1/a-1.jar', MAX_CHECKSUM_FILE_BYTES],
      ['g/b/1/b-1.jar', MAX_CHECKSUM_FILE_BYTES + 1],
    ] as const) {
      rig.origin.put(path, { bytes: 'jar', checksums: [] })
      rig.origin.putRaw(`${path}.sha1`, file(bytes))
    }
    assert.equal((await read(rig, 'g/a/1/a-1.jar')).text, 'jar')
    assert.match(await reasonOf(rig, 'g/b/1/b-1.jar'), /offers no checksum file/)
  })

  it('is silent: is asked for MAX_DOWNLOADS at a time', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.manner = 'silent'
    const asked = Array.from({ length: MAX_DOWNLOADS }, (_, at) =>
      rig.repository.fetch(parsePath(`g/${String(at)}/1/a.jar`), {}).catch(() => undefined),
    )
    await waitFor(() => rig.origin.asked.length >= MAX_DOWNLOADS)
    const before = rig.origin.asked.length
    assert.match(await reasonOf(rig, 'g/more/1/a.jar'), /too many files at a time/)
    assert.equal(rig.origin.asked.length, before)
    await rig.repository.stop()
    await Promise.all(asked)
  })

  it('cannot give its checksum files: not taken for having none', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar', checksums: ['md5'] })
    for (const end of ['.sha512', '.sha256', '.sha1']) rig.origin.behave(`${JAR}${end}`, 'failing')
    assert.match(await reasonOf(rig, JAR), /status 500/)
  })

  it('ends early, small and large', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    rig.origin.behave(JAR, 'truncated')
    assert.match(await reasonOf(rig, JAR), /closed the connection/)
    rig.origin.put('g/large.jar', { bytes: LARGE })
    rig.origin.behave('g/large.jar', 'truncated')
    await assert.rejects(readAll((await arriving(rig)).open()), UnavailableError)
    assert.equal(rig.blobs.usage().bytes, 0)
  })

  it('states no length: takes MAX_UNSTATED_BYTES, and no more', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar', statesLength: false })
    assert.equal((await read(rig, JAR)).text, 'jar')
    rig.origin.put('g/w', { bytes: new Uint8Array(MAX_UNSTATED_BYTES), statesLength: false })
    assert.equal((await read(rig, 'g/w')).text.length, MAX_UNSTATED_BYTES)
    rig.origin.put('g/x', { bytes: new Uint8Array(MAX_UNSTATED_BYTES + 1), statesLength: false })
    assert.match(await reasonOf(rig, 'g/x'), /more than the 16777216 bytes/)
  })
})

describe('A large file on its way', () => {
  it('flows before it is whole, but for its end', async (t) => {
    const rig = createProxyRig(t)
    const gate = Promise.withResolvers<undefined>()
    rig.origin.put('g/large.jar', { bytes: LARGE })
    rig.origin.gate = undefined
    gateLargeOnly(rig, gate.promise)
    const content = (await arriving(rig)).open()
    const chunks = content.read({ offset: 0, length: LARGE.length }, {})[Symbol.asyncIterator]()
    const seen: Uint8Array[] = []
    for (let bytes = 0; bytes < LARGE.length - 2 * WITHHELD_BYTES;) {
      const next = await chunks.next()
      assert.equal(next.done, false)
      seen.push(next.value)
      bytes += next.value.length
    }
    assert.equal(rig.blobs.usage().blobs, 0)
    gate.resolve(undefined)
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      seen.push(next.value)
    }
    content.release()
    assert.ok(Buffer.concat(seen).equals(LARGE))
    assert.equal(rig.blobs.usage().blobs, 1)
  })

  it('keeps the end back when a bit is wrong, of the whole and of a range', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put('g/large.jar', { bytes: LARGE })
    rig.origin.behave('g/large.jar', 'wrong')
    const file = await arriving(rig)
    for (const range of [
      { offset: 0, length: LARGE.length },
      { offset: 1_000, length: 300_000 },
      { offset: 5, length: 10 },
    ]) {
      const content = file.open()
      let bytes = 0
      await assert.rejects(async () => {
        for await (const chunk of content.read(range, {})) bytes += chunk.length
      }, UnavailableError)
      content.release()
      assert.ok(bytes <= range.length - Math.min(WITHHELD_BYTES, range.length))
    }
    await assert.rejects(file.complete({}), UnavailableError)
    assert.equal(rig.blobs.usage().blobs, 0)
  })

  it('is cut short when the SHA-1 that went out is wrong; the next answer has the right one', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put('g/large.jar', { bytes: LARGE, checksums: ['sha512'] })
    rig.origin.putRaw('g/large.jar.sha1', 'a'.repeat(40))
    await assert.rejects(readAll((await arriving(rig)).open()), UnavailableError)
    const found = await rig.repository.resolve(parsePath('g/large.jar'), {})
    assert.equal(found.kind, 'artifact')
    assert.equal(found.entry.sha1, sha1(LARGE))
  })

  it('is whole before anything is said of it when its SHA-1 is not stated', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put('g/large.jar', { bytes: LARGE, checksums: ['sha512', 'md5'] })
    const found = await rig.repository.resolve(parsePath('g/large.jar'), {})
    assert.equal(found.kind, 'artifact')
    assert.equal((await read(rig, 'g/large.jar')).text, Buffer.from(LARGE).toString('latin1'))
  })
})

describe('parseChecksumFile', () => {
  const hex = 'ABCDEF0123456789abcdef0123456789abcdef01'
  const cases: readonly (readonly [string, ChecksumKind, string | undefined])[] = [
    [hex, 'sha1', hex.toLowerCase()],
    [`${hex}\n`, 'sha1', hex.toLowerCase()],
    [`${hex}  b-1.jar\n`, 'sha1', hex.toLowerCase()],
    [`SHA1(b-1.jar)= ${hex}`, 'sha1', hex.toLowerCase()],
    [hex, 'md5', undefined],
    [`${hex}0`, 'sha1', undefined],
    ['', 'sha1', undefined],
    ['<html>404</html>', 'sha1', undefined],
  ]
  for (const [text, kind, wanted] of cases) {
    it(`reads ${JSON.stringify(text)} as ${kind}: ${String(wanted)}`, () => {
      assert.equal(parseChecksumFile(Buffer.from(text), kind), wanted)
    })
  }
})

async function arriving({ repository }: ProxyRig): Promise<ArrivingArtifact> {
  const found = await repository.resolve(parsePath('g/large.jar'), {})
  assert.equal(found.kind, 'arriving')
  return found
}

/** The checksum files come at once; the body of the large file waits before its last chunk. */
function gateLargeOnly({ origin }: ProxyRig, gate: Promise<unknown>): void {
  const get = origin.get.bind(origin)
  origin.get = async (path, request) => {
    const answer = await get(path, request)
    if (path !== 'g/large.jar' || answer.kind !== 'file') return answer
    return { ...answer, body: holdLast(answer.body, gate) }
  }
}

async function* holdLast(
  body: AsyncIterable<Uint8Array>,
  gate: Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined
  for await (const chunk of body) {
    if (held !== undefined) yield held
    held = chunk
  }
  await gate
  if (held !== undefined) yield held
}

function weakerThan(kind: ChecksumKind): readonly ChecksumKind[] {
  const kinds: readonly ChecksumKind[] = ['sha512', 'sha256', 'sha1', 'md5']
  return kinds.slice(kinds.indexOf(kind) + 1)
}
