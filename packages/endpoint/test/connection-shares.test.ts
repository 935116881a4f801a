import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Server } from 'node:net'
import { describe, it } from 'node:test'
import { originOf, shareConnections } from '../src/connection-shares.ts'
import { MAX_SHARE_OF_CLIENT_RANGE, MAX_SHARE_OF_LOCAL_CLIENT } from '../src/limits.ts'
import { createReadServer } from '../src/read-server.ts'

const PLACES = 40

/** A connection from an address: whether it was closed, and what closes it. */
class Connection extends EventEmitter {
  readonly remoteAddress: string
  destroyed = false

  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

/** Something that listens, and shares its places. */
function listener(address: string) {
  const server = Object.assign(new EventEmitter(), { address: () => ({ address }) })
  shareConnections(server as unknown as Server, PLACES)
  return (from: string): Connection => {
    const connection = new Connection(from)
    server.emit('connection', connection)
    return connection
  }
}

/** How many of those who come at once are let in. */
function letIn(connect: (from: string) => Connection, froms: readonly string[]): number {
  return froms.map(connect).filter(({ destroyed }) => !destroyed).length
}

const crowd = (from: (at: number) => string): string[] =>
  Array.from({ length: 100 }, (_, at) => from(at))

describe('a listener that others reach', () => {
  it('lets a public /24 or /48 have MAX_SHARE_OF_CLIENT_RANGE', () => {
    for (const address of ['0.0.0.0', '::']) {
      const connect = listener(address)
      assert.equal(
        letIn(
          connect,
          crowd((at) => `::ffff:198.51.100.${String(at)}`),
        ),
        PLACES * MAX_SHARE_OF_CLIENT_RANGE,
      )
      assert.equal(letIn(connect, ['198.51.100.200', '198.51.101.1']), 1)
      assert.equal(
        letIn(
          connect,
          crowd((at) => `2001:db8:7:${String(at)}::1`),
        ),
        PLACES * MAX_SHARE_OF_CLIENT_RANGE,
      )
      assert.equal(letIn(connect, ['2001:db8:7::1', '2001:db8:8::1']), 1)
    }
  })

  it('lets a machine of the local network have MAX_SHARE_OF_LOCAL_CLIENT, and its network all', () => {
    for (const net of ['10.0.0.', '192.168.1.', '172.16.0.', '127.0.0.', 'fe80::', 'fd00::']) {
      const connect = listener('192.0.2.1')
      assert.equal(
        letIn(
          connect,
          crowd(() => `${net}1`),
        ),
        PLACES * MAX_SHARE_OF_LOCAL_CLIENT,
      )
      assert.equal(letIn(connect, [`${net}2`]), 1)
    }
  })

  it('has room again once connections have ended', () => {
    const connect = listener('0.0.0.0')
    const [first] = crowd(() => '198.51.100.1').map(connect)
    assert.equal(letIn(connect, ['198.51.100.1']), 0)
    first?.destroy()
    assert.equal(letIn(connect, ['198.51.100.1', '198.51.100.1']), 1)
  })

  it('has a place for everybody, however few there are', () => {
    assert.equal(originOf('198.51.100.1', 3).places, 1)
  })
})

describe('a listener that only this machine reaches', () => {
  it('has no shares', () => {
    for (const address of ['127.0.0.1', '::1', '127.0.0.5'])
      assert.equal(
        letIn(
          listener(address),
          crowd(() => '127.0.0.1'),
        ),
        100,
      )
  })
})

describe('each read server', () => {
  it('has shares', () => {
    const server = createReadServer(() => undefined, { maxConnections: PLACES })
    server.address = () => ({ address: '0.0.0.0', family: 'IPv4', port: 80 })
    const connections = crowd(() => '198.51.100.1').map((from) => new Connection(from))
    for (const connection of connections)
      for (const listen of server.listeners('connection').slice(1)) listen.call(server, connection)
    assert.equal(
      connections.filter(({ destroyed }) => !destroyed).length,
      PLACES * MAX_SHARE_OF_CLIENT_RANGE,
    )
  })
})
