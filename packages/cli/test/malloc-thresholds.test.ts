import assert from 'node:assert/strict'
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startJarswarm, temporaryDirectory } from './_jarswarm.ts'

const MODULE = fileURLToPath(new URL('../src/malloc-thresholds.ts', import.meta.url))

const SETTINGS = ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_', 'GLIBC_TUNABLES']
const SET = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' }

/** Tells of each start, and of what it was given. */
const PROGRAM = `
  import { appendFileSync } from 'node:fs'
  import { restartWithThresholds } from ${JSON.stringify(MODULE)}
  const { env, execArgv, argv } = process
  appendFileSync(env.STARTS, JSON.stringify({ pid: process.pid, env, execArgv, args: argv.slice(2) }) + '\\n')
  restartWithThresholds()
`

interface Start {
  readonly pid: number
  readonly env: Readonly<Record<string, string>>
  readonly execArgv: readonly string[]
  readonly args: readonly string[]
}

function prepare(t: TestContext, variables: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory(t)
  const program = join(directory, 'program.mjs')
  const starts = join(directory, 'starts')
  writeFileSync(program, PROGRAM)
  const own = Object.entries(process.env).filter(([name]) => !SETTINGS.includes(name))
  return {
    program,
    env: { ...Object.fromEntries(own), ...variables, STARTS: starts },
    starts: () =>
      readFileSync(starts, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Start),
  }
}

describe('restartWithThresholds', { skip: process.platform !== 'linux' && 'glibc alone' }, () => {
  it('starts the same once again, in the same process', (t) => {
    const { program, env, starts } = prepare(t, { OTHER: 'kept' })
    const { status } = spawnSync(process.execPath, ['--no-deprecation', program, 'a', '--b'], {
      env,
    })
    assert.equal(status, 0)
    const [first, second, ...more] = starts()
    assert.deepEqual(more, [])
    assert.deepEqual(second, { ...first, env: { ...first?.env, ...SET } })
    assert.deepEqual(second.args, ['a', '--b'])
    assert.deepEqual(second.execArgv, ['--no-deprecation'])
    assert.equal(second.env['OTHER'], 'kept')
  })

  for (const name of SETTINGS) {
    it(`leaves alone who set ${name}`, (t) => {
      const { program, env, starts } = prepare(t, { [name]: '' })
      spawnSync(process.execPath, [program], { env })
      assert.equal(starts().length, 1)
    })
  }

  it('leaves alone who has a channel to its parent', async (t) => {
    const { program, env, starts } = prepare(t, {})
    await once(fork(program, [], { env, execArgv: [] }), 'exit')
    assert.equal(starts().length, 1)
  })

  it('is what the program begins with', async (t) => {
    const data = join(temporaryDirectory(t), 'node')
    const own = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
    const { child } = await startJarswarm(t, ['start', '--data', data, ...own])
    const environment = readFileSync(`/proc/${String(child.pid)}/environ`, 'utf8').split('\0')
    for (const [name, value] of Object.entries(SET))
      assert.ok(environment.includes(`${name}=${value}`))
  })
})
