import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryArtifactSource } from '@jarswarm/testkit'
import { KnownArtifacts } from '../src/known-artifacts.ts'

describe('KnownArtifacts', () => {
  it('works out an entry once, for each kind of it', () => {
    const entry = new MemoryArtifactSource().put('g/a/1/a-1.jar', { bytes: 'a jar' })
    const known = new KnownArtifacts()
    const release = known.of(entry, false)
    assert.equal(known.of(entry, false), release)
    assert.equal(release.pom, 'g/a/1/a-1.pom')
    assert.match(String(release.facts.headers['Cache-Control']), /immutable/)
    // As what is not in the signed index, whatever its name.
    assert.equal(known.of(entry, true).facts.headers['Cache-Control'], 'no-cache')
  })
})
