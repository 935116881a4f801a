import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { areLocal, isLocalAddress, publicRange } from '../src/addresses.ts'

describe('isLocalAddress', () => {
  it('tells machines and private networks from the rest', () => {
    const local = [
      '/ip4/127.0.0.1/tcp/1',
      '/ip4/192.168.1.2/tcp/1',
      '/ip6/::1/tcp/1',
      '/ip4/10.0.0.1/tcp/1',
    ]
    const remote = ['/ip4/8.8.8.8/tcp/1', '/ip6/2600::1/tcp/1', '/dns4/example.org/tcp/1']
    assert.deepEqual(
      local.filter((text) => !isLocalAddress(multiaddr(text))),
      [],
    )
    assert.deepEqual(
      remote.filter((text) => isLocalAddress(multiaddr(text))),
      [],
    )
    assert.equal(areLocal(local), true)
    assert.equal(areLocal([...local, ...remote]), false)
    assert.equal(areLocal([]), false)
  })
})

describe('publicRange', () => {
  it('is the /24 or /48 of a public address', () => {
    const range = (text: string): string | undefined => publicRange(multiaddr(text))
    assert.equal(range('/ip4/8.8.4.4/tcp/1'), '8.8.4')
    assert.equal(range('/ip6/2600:1:2:3::9/tcp/1'), '2600:1:2')
    assert.equal(range('/ip6/2600::9/tcp/1'), range('/ip6/2600::7/tcp/1'))
    assert.equal(range('/ip4/127.0.0.1/tcp/1'), undefined)
    assert.equal(range('/dns4/example.org/tcp/1'), undefined)
  })
})
