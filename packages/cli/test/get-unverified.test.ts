import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, temporaryDirectory } from './_jarswarm.ts'
import type { Outcome } from './_jarswarm.ts'
import { serve } from './_serve.ts'

const ADDRESS = 'central/g/a/1/a-1.jar'

/** A repository that nobody signed, with one jar and its SHA-1. */
function startOrigin(t: TestContext): Promise<string> {
  return serve(t, (request, response) => {
    const path = request.url ?? ''
    if (path.endsWith('.jar')) response.end('a jar')
    else if (path.endsWith('.sha1')) response.end(createHash('sha1').update('a jar').digest('hex'))
    else response.writeHead(404).end()
  })
}

describe('jarswarm get of what no signed index names', () => {
  it('says so, and refuses with --strict', async (t) => {
    const env = { JARSWARM_PROXY: `central=${await startOrigin(t)}`, JARSWARM_MDNS: 'false' }
    const directory = temporaryDirectory(t)
    const output = join(directory, 'a.jar')
    const get = (...flags: readonly string[]): Promise<Outcome> =>
      runJarswarm(['get', ADDRESS, '--data', join(directory, 'data'), '-o', output, ...flags], {
        env,
      })
    const refused = await get('--strict')
    assert.equal(refused.code, 3, refused.stderr)
    assert.match(refused.stderr, /Cannot get central\/g\/a\/1\/a-1\.jar with --strict: /)
    assert.equal(existsSync(output), false)
    const got = await get('--json')
    assert.equal(got.code, 0, got.stderr)
    assert.equal((JSON.parse(got.stdout) as { verified: boolean }).verified, false)
    assert.match(
      got.stderr,
      /^not verified: it agrees with its origin's own checksum, and no signed/m,
    )
    assert.equal(readFileSync(output, 'utf8'), 'a jar')
  })
})
