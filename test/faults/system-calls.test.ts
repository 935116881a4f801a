import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { failingCallsMissing, runFailing } from './_failing-calls.ts'
import { readCalls, usedAfterFailedSync, usedInTrace } from './_system-calls.ts'

const FAILED = '= -1 EIO (Input/output error) (INJECTED)'
const PLAIN = { to: undefined, args: '', error: undefined, isInjected: false }
const isDirectory = (path: string): boolean => path.endsWith('/db')
const usedIn = (...lines: string[]): string[] =>
  usedAfterFailedSync(readCalls(lines.join('\n')), isDirectory)

describe('calls in a trace', () => {
  it('are put together when another thread came between', () => {
    const trace = [
      '7 fsync(20</d/tmp/1> <unfinished ...>',
      '8 rename("/d/a", "/d/b") = 0',
      `7 <... fsync resumed>) ${FAILED}`,
      '8 openat(AT_FDCWD</home>, "/d/c", O_RDONLY|O_CLOEXEC) = 21</d/c>',
      '9 +++ exited with 0 +++',
    ]
    const calls = [...readCalls(trace.join('\n'))].map((call) => ({ ...call, args: '' }))
    assert.deepEqual(calls, [
      { ...PLAIN, name: 'rename', path: '/d/a', to: '/d/b' },
      { ...PLAIN, name: 'fsync', path: '/d/tmp/1', error: 'EIO', isInjected: true },
      { ...PLAIN, name: 'openat', path: '/d/c' },
    ])
  })
})

describe('a file of which a sync failed', () => {
  for (const sync of ['fsync', 'fdatasync']) {
    for (const path of ['/d/db/000005.log', '/d/tmp/3', '/tree/.jarswarm/.unfinished/1']) {
      const failing = `7 ${sync}(20<${path}>) ${FAILED}`
      const uses = {
        'synced again': `7 ${sync}(20<${path}>) = 0`,
        'synced otherwise': `8 fsync(21<${path}>) = 0`,
        'written on': `8 write(20<${path}>, "x"..., 9) = 9`,
        'written at a place': `8 pwrite64(20<${path}>, "x"..., 9, 0) = 9`,
        'given a name': `8 rename("${path}", "/d/name") = 0`,
        linked: `8 link("${path}", "/d/name") = 0`,
      }
      for (const [use, line] of Object.entries(uses)) {
        it(`is found when ${path} is ${use} after ${sync}`, () => {
          assert.equal(usedIn(failing, line).length, 1)
          assert.equal(usedIn(line, failing).length, 0)
          assert.equal(usedIn(failing.replace(FAILED, '= 0'), line).length, 0)
        })
      }
    }
  }

  it('is found under its next name', () => {
    const lines = [`7 fsync(20</d/1>) ${FAILED}`, '7 rename("/d/1", "/d/2") = 0']
    assert.equal(usedIn(...lines, '7 fdatasync(20</d/2>) = 0').length, 2)
  })

  it('is another one once it is made anew', () => {
    const failing = `7 fsync(20</d/1>) ${FAILED}`
    const again = '7 fsync(20</d/1>) = 0'
    const opened = (flags: string): string => `7 openat(AT_FDCWD</d>, "/d/1", ${flags}) = 20</d/1>`
    for (const made of [
      '7 unlink("/d/1") = 0',
      opened('O_WRONLY|O_CREAT|O_EXCL'),
      opened('O_WRONLY|O_CREAT|O_TRUNC'),
      '7 rename("/d/2", "/d/1") = 0',
    ]) {
      assert.deepEqual(usedIn(failing, made, again), [])
    }
    assert.equal(usedIn(failing, opened('O_RDWR'), again).length, 1)
  })

  it('is no directory, which has no bytes', () => {
    assert.deepEqual(usedIn(`7 fsync(20</d/db>) ${FAILED}`, '7 fsync(20</d/db>) = 0'), [])
  })
})

describe('a process that syncs again what failed to sync', { skip: failingCallsMissing() }, () => {
  for (const call of ['fsync', 'fdatasync'] as const) {
    it(`is found by ${call}, wherever it writes, and one that gives up is not`, async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'jarswarm-traced-'))
      t.after(() => {
        rmSync(directory, { recursive: true })
      })
      for (const [again, name] of [[true, '000005.log'] as const, [false, '000006.log'] as const]) {
        const path = join(directory, name)
        const sync = `try { fs.${call}Sync(file) } catch {}`
        const script = `const file = fs.openSync('${path}', 'w'); ${sync}; ${again ? sync : ''}`
        const { calls } = await runFailing([process.execPath, '-e', script], { call })
        assert.deepEqual(usedInTrace(calls), again ? [`${call} ${path}`] : [])
        assert.equal(calls.filter(({ isInjected }) => isInjected).length, again ? 2 : 1)
      }
    })
  }
})
