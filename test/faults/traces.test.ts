import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HostNetwork, namespacesMissing } from '../_namespaces.ts'
import { Traces } from '../_traces.ts'
import { waitFor } from '../_wait-for.ts'
import { SmallDisk, smallDiskMissing } from './_small-disk.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const NEVER = { after: () => undefined }

/** What makes traces leaves them here. */
function temporaryDirectory(t: TestContext): string {
  const before = process.env['TMPDIR']
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-traces-'))
  process.env['TMPDIR'] = directory
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    rmSync(directory, { recursive: true })
  })
  return directory
}

describe('what a run of faults makes', () => {
  it(
    'is all taken away: directories, mounts, namespaces, processes',
    { skip: smallDiskMissing() || namespacesMissing() },
    async (t) => {
      const directory = temporaryDirectory(t)
      const traces = new Traces()
      const { path } = await SmallDisk.create(1)
      const [host] = new HostNetwork(NEVER, 1).hosts
      const child = spawn('sleep', ['600'])
      const gone = once(child, 'exit')
      // As nginx, which has no environment that could be read, and its directory among its arguments.
      const titled = spawn('tail', ['-f', join(tmpdir(), 'log'), '/dev/null'], { env: {} })
      const titledGone = once(titled, 'exit')
      assert.ok(readFileSync('/proc/mounts', 'utf8').includes(path))
      await traces.remove()
      assert.deepEqual(await gone, [null, 'SIGTERM'])
      assert.deepEqual(await titledGone, [null, 'SIGTERM'])
      assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(path))
      assert.ok(!readdirSync('/run/netns').includes(host?.namespace ?? ''))
      assert.deepEqual(readdirSync(directory), [])
    },
  )

  it('is taken away when the run is interrupted', async (t) => {
    const directory = temporaryDirectory(t)
    const args = ['--conditions=source', MAIN, 'requests']
    const run = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const gone = once(run, 'exit')
    await waitFor('its work', () => {
      const [made] = readdirSync(directory)
      return made !== undefined && readdirSync(join(directory, made)).length > 0 ? true : undefined
    })
    // It may come twice, from the terminal and from npm.
    run.stderr.once('data', () => run.kill('SIGINT'))
    run.kill('SIGINT')
    assert.deepEqual(await gone, [130, null])
    assert.deepEqual(readdirSync(directory), [])
  })
})
