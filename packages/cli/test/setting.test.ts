import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readNodeSettings } from '../src/node-settings.ts'
import { readSetting, settingVariable } from '../src/setting.ts'
import type { Setting } from '../src/setting.ts'
import { formatSize, parseSize } from '../src/size.ts'
import { parseHostPort } from '../src/host-port.ts'

const color: Setting<string> = {
  flag: 'sky-color',
  repeated: true,
  wanted: 'a colour',
  parse: (text) => (text === 'loud' ? undefined : text),
}

const nothing = { flags: {}, env: {}, config: {}, configFile: 'config.json' }

describe('readSetting', () => {
  it('prefers the flag to the environment, and that to the file', () => {
    const config = { skyColor: ['grey'] }
    const env = { [settingVariable('sky-color')]: 'blue  red' }
    const flags = { skyColor: ['black'] }
    assert.equal(readSetting(color, nothing), undefined)
    assert.deepEqual(readSetting(color, { ...nothing, config }), ['grey'])
    assert.deepEqual(readSetting(color, { ...nothing, config, env }), ['blue', 'red'])
    assert.deepEqual(readSetting(color, { ...nothing, config, env, flags }), ['black'])
  })
  it('names the place of a value that is not wanted', () => {
    const message = (sources: object): RegExp => {
      try {
        readSetting(color, { ...nothing, ...sources })
      } catch (error) {
        return new RegExp((error as Error).message.split(':')[0] ?? '')
      }
      throw new Error('not refused')
    }
    assert.match('Cannot use --sky-color "loud"', message({ flags: { skyColor: 'loud' } }))
    assert.match(
      'Cannot use JARSWARM_SKY_COLOR "loud"',
      message({ env: { JARSWARM_SKY_COLOR: 'loud' } }),
    )
    assert.match(
      'Cannot use "skyColor" in config.json "loud"',
      message({ config: { skyColor: 'loud' } }),
    )
    assert.match('Cannot use "skyColor" in config.json', message({ config: { skyColor: [{}] } }))
  })
})

describe('readNodeSettings', () => {
  const read = (env: Record<string, string>, flags = {}): ReturnType<typeof readNodeSettings> =>
    readNodeSettings({ data: '/nonexistent', ...flags }, env)

  it('shares nothing and fetches no whole index with CI set, unless told to', async () => {
    assert.deepEqual(pick(await read({})), ['all', true])
    assert.deepEqual(pick(await read({ CI: 'true' })), ['none', false])
    assert.deepEqual(pick(await read({ CI: 'false' })), ['all', true])
    assert.deepEqual(pick(await read({ CI: '1' }, { share: 'lan', mirror: ['all'] })), [
      'lan',
      true,
    ])
  })
  it('has the documented defaults', async () => {
    const { http, listen, mirror, quotaBytes, mdns, offline } = await read({})
    assert.deepEqual(http, { host: '127.0.0.1', port: 8470 })
    assert.deepEqual(listen, ['/ip4/0.0.0.0/tcp/4870'])
    assert.deepEqual([mirror, quotaBytes, mdns, offline], ['none', undefined, true, false])
  })
})

const pick = ({ share, syncIndex }: { share: string; syncIndex: boolean }): unknown[] => [
  share,
  syncIndex,
]

describe('parseSize', () => {
  it('reads sizes in powers of 1024', () => {
    assert.equal(parseSize('500M'), 500 * 2 ** 20)
    assert.equal(parseSize('20G'), 20 * 2 ** 30)
    assert.equal(parseSize('1.5k'), 1536)
    assert.equal(parseSize('7'), 7)
    for (const text of ['', 'M', '-1G', '1 G', '1X', '1e3', '9999999999T']) {
      assert.equal(parseSize(text), undefined, text)
    }
    assert.equal(formatSize(1536), '1.5 KB')
  })
})

describe('parseHostPort', () => {
  it('reads names, IPv4 and bracketed IPv6', () => {
    assert.deepEqual(parseHostPort('127.0.0.1:0'), { host: '127.0.0.1', port: 0 })
    assert.deepEqual(parseHostPort('[::1]:80'), { host: '::1', port: 80 })
    for (const text of ['8470', 'host', 'host:', ':80', '::1:80', 'host:65536', 'a b:1']) {
      assert.equal(parseHostPort(text), undefined, text)
    }
  })
})
