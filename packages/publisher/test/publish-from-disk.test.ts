import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Level } from 'level'
import { createSetting } from './_setting.ts'

describe('publishFrom on a disk that fails', () => {
  it('ends with what the disk said, and does not blame the origin', async (t) => {
    const { publish } = await createSetting(t, { 'a/b/1.0/b-1.0.jar': 'bytes' })
    const failed = new Error('IO error: 000003.log: Input/output error')
    const put = t.mock.method(Level.prototype, 'put', () => Promise.reject(failed))
    await assert.rejects(publish(), { code: 'ERR_DATABASE_FAILED', message: /Input\/output error/ })
    put.mock.restore()
    assert.equal((await publish()).added, 1)
  })
})
