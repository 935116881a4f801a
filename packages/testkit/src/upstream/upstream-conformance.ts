import { NotHeldError, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { Upstream } from '@jarswarm/ports'
import type { RepositoryPath } from '@jarswarm/maven'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { UpstreamBehaviour } from './upstream-behaviour.ts'

/** An upstream under test, with the server behind it in the test's hand. */
export interface UpstreamFixture {
  readonly upstream: Upstream
  setBehaviour(behaviour: UpstreamBehaviour): void
  close(): Promise<void>
}

const PATH = 'org/example/lib/1.0+b~1/lib-1.0+b~1.jar' as RepositoryPath
const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251)
const SIZE = BYTES.length
const MANIFEST = new TextEncoder().encode('jarswarm manifest 1\n')
const MAX = 65_536

/** What every upstream must do. `create` serves the given files, by path below the repository's root. */
export function upstreamConformance(
  name: string,
  create: (files: Map<string, Uint8Array>) => Promise<UpstreamFixture>,
): void {
  describe(`${name} as Upstream`, () => {
    let fixture: UpstreamFixture
    const upstream = (): Upstream => fixture.upstream
    beforeEach(async () => {
      fixture = await create(
        new Map([
          [PATH, BYTES],
          ['.jarswarm/manifest', MANIFEST],
        ]),
      )
    })
    afterEach(() => fixture.close())

    it('reads an artifact whole', async () => {
      const bytes = await collect(upstream().readArtifact(PATH, { sizeBytes: SIZE }))
      assert.deepEqual(bytes, BYTES)
      assert.equal(upstream().receivedBytes(), SIZE)
    })
    it('reads a part', async () => {
      const range = { offset: 262_144, length: SIZE - 262_144 }
      const bytes = await collect(upstream().readArtifact(PATH, { sizeBytes: SIZE, range }))
      assert.deepEqual(bytes, BYTES.subarray(262_144))
    })
    it('reads a part in the middle', async () => {
      const range = { offset: 1, length: 9 }
      const bytes = await collect(upstream().readArtifact(PATH, { sizeBytes: SIZE, range }))
      assert.deepEqual(bytes, BYTES.subarray(1, 10))
    })
    it('reads a part of the published form', async () => {
      const bytes = await upstream().readPublished({ kind: 'manifest' }, { maxBytes: MAX })
      assert.deepEqual(Uint8Array.from(bytes), MANIFEST)
    })
    it('refuses a published part beyond its bound', async () => {
      const reading = upstream().readPublished({ kind: 'manifest' }, { maxBytes: 5 })
      await assert.rejects(reading, SourceUnavailableError)
    })
    it('says what is not there', async () => {
      const path = 'org/example/none.jar' as RepositoryPath
      await assert.rejects(collect(upstream().readArtifact(path, { sizeBytes: 1 })), NotHeldError)
      const root = upstream().readPublished({ kind: 'root', number: 2 }, { maxBytes: MAX })
      await assert.rejects(root, NotHeldError)
    })
    lengthCases(() => fixture)
    failureCases(() => fixture)
  })
}

/** A length that is not the known one is never passed on as if it were. */
function lengthCases(fixture: () => UpstreamFixture): void {
  it('calls a body shorter than known truncated', async () => {
    const reading = collect(fixture().upstream.readArtifact(PATH, { sizeBytes: SIZE + 1 }))
    await assert.rejects(reading, TruncatedError)
  })
  it('refuses a body longer than known', async () => {
    const reading = collect(fixture().upstream.readArtifact(PATH, { sizeBytes: SIZE - 1 }))
    await assert.rejects(reading, SourceUnavailableError)
  })
  it('notices a body that is cut off', async () => {
    fixture().setBehaviour('truncating')
    await assert.rejects(
      collect(fixture().upstream.readArtifact(PATH, { sizeBytes: SIZE })),
      TruncatedError,
    )
  })
}

/** How a server that fails, stalls or lies must look. */
function failureCases(fixture: () => UpstreamFixture): void {
  for (const behaviour of ['refusing', 'failing'] as const) {
    it(`says that it is not available while ${behaviour}`, async () => {
      fixture().setBehaviour(behaviour)
      const reading = collect(fixture().upstream.readArtifact(PATH, { sizeBytes: SIZE }))
      await assert.rejects(reading, SourceUnavailableError)
    })
  }
  for (const behaviour of ['silent', 'stalling'] as const) {
    it(`ends with the signal's reason while ${behaviour}`, async () => {
      fixture().setBehaviour(behaviour)
      const controller = new AbortController()
      const { signal } = controller
      const reading = collect(fixture().upstream.readArtifact(PATH, { sizeBytes: SIZE, signal }))
      const reason = new Error('enough')
      setImmediate(() => {
        controller.abort(reason)
      })
      await assert.rejects(reading, reason)
    })
  }
  it('yields wrong bytes as they are, for the caller verifies', async () => {
    fixture().setBehaviour('lying')
    const bytes = await collect(fixture().upstream.readArtifact(PATH, { sizeBytes: SIZE }))
    assert.notDeepEqual(bytes, BYTES)
  })
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Uint8Array.from(Buffer.concat(parts))
}
