import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('_write-lines.ts', import.meta.url))

async function temporaryFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'jarswarm-lines-'))
  t.after(() => rm(directory, { recursive: true }))
  return join(directory, 'lines')
}

describe('LineWriter', () => {
  it('takes no part of its lines for all of them', async (t) => {
    const path = await temporaryFile(t)
    // The limit has the system take what fits, and refuse only the write after that: so does a disk that is nearly full.
    const limited = ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath]
    const writes = ['--conditions=source', SCRIPT, path, '1000', 'a line of some bytes']
    const { stdout } = await run('sh', [...limited, ...writes])
    assert.equal(stdout, `EFBIG ${path}`)
    assert.ok((await stat(path)).size > 0)
  })
})
