import { spawnSync } from 'node:child_process'
import type { SpawnSyncReturns } from 'node:child_process'
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'

/** A command as it stands in a shell block or a unit: words of the command, then its arguments. */
const COMMAND =
  /^(?:ExecStart=.* |npx |sudo )?jarswarm ((?:(?:repo|export) )?[a-z]+(?:-[a-z]+)*)(?: +(?:([^#\n]*)))?/gm
const MAIN = 'packages/cli/src/main.ts'

const run = (command: string, args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(command, args, { encoding: 'utf8' })

/** Run another program's own check of a file; absent, it is a visible skip, and with `CI` a failure. */
function check(t: TestContext, command: string, args: readonly string[]): void {
  const { error, status, stderr } = run(command, args)
  if (error !== undefined && process.env['CI'] !== 'true') {
    t.skip(`${command} is not installed`)
    return
  }
  assert.equal(status, 0, error?.message ?? stderr)
}

describe('what the documents tell to run', () => {
  const options = new Map<string, Set<string>>()
  for (const file of ['README.md', ...globSync('examples/**/*.{md,service}')]) {
    for (const [, command = '', rest = ''] of readFileSync(file, 'utf8').matchAll(COMMAND)) {
      const known = options.get(command) ?? new Set()
      for (const [option] of rest.matchAll(/--[a-z-]+/g)) known.add(option)
      options.set(command, known)
    }
  }
  assert.ok(options.size > 2, 'no command was found')
  for (const [command, used] of options) {
    it(`jarswarm ${command}`, () => {
      const { status, stdout } = run(process.execPath, [
        '--conditions=source',
        MAIN,
        ...command.split(' '),
        '--help',
      ])
      assert.equal(status, 0)
      assert.match(stdout, new RegExp(`^Usage: jarswarm ${command} `))
      for (const option of used) assert.match(stdout, new RegExp(`  ${option} |, ${option} `))
    })
  }
})

describe('examples', () => {
  it('name the default address, as 127.0.0.1, in every configuration of a client', () => {
    const files = globSync('examples/{lein/profiles.clj,clj/*.*,maven/*.xml,gradle/*.gradle}')
    const configurations = files.filter((file) => !file.endsWith('.md'))
    assert.ok(configurations.length > 5)
    for (const file of configurations) {
      assert.match(readFileSync(file, 'utf8'), /http:\/\/127\.0\.0\.1:8470\/clojars\//, file)
    }
  })

  for (const unit of globSync('examples/systemd/*.{service,timer}')) {
    it(`${unit} is a unit`, (t) => {
      check(t, 'systemd-analyze', ['verify', unit])
    })
  }

  it('nginx.conf is a configuration', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-examples-'))
    t.after(() => {
      rmSync(directory, { recursive: true, force: true })
    })
    const file = join(directory, 'nginx.conf')
    const server = readFileSync('examples/primary-nginx/nginx.conf', 'utf8')
    // On a port that every user may have.
    const included = join(directory, 'server.conf')
    writeFileSync(included, server.replace('listen 80;', 'listen 127.0.0.1:8080;'))
    writeFileSync(
      file,
      `pid ${directory}/pid; error_log stderr; events {} http { include ${resolve(included)}; access_log off; }`,
    )
    check(t, 'nginx', ['-t', '-e', 'stderr', '-c', file])
  })
})
