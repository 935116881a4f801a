import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  formatLink,
  InvalidLinkError,
  isOrigin,
  isPeerAddress,
  isRepositoryName,
  MAX_LINK_LENGTH,
  MAX_LINK_PEERS,
  parseLink,
} from '../src/index.ts'
import { MAX_PEER_ADDRESS_LENGTH } from '../src/limits.ts'

const ID = 'a1'.repeat(32)
const PEER_ID = `12D3KooW${'b'.repeat(44)}`
const PEER = `/ip4/192.0.2.1/tcp/4870/p2p/${PEER_ID}`

function refuses(text: string, message: RegExp): void {
  assert.throws(
    () => parseLink(text),
    (error) => {
      assert.ok(error instanceof InvalidLinkError, String(error))
      assert.match(error.message, /^Cannot read the swarm link: found .*, wanted .*[^.]$/)
      assert.match(error.message, message)
      return true
    },
  )
}

describe('parseLink', () => {
  it('reads a whole link', () => {
    const origin = 'https://repo.example/maven/'
    const query = `name=sample&origin=${encodeURIComponent(origin)}&peer=${encodeURIComponent(PEER)}`
    assert.deepEqual(parseLink(`jarswarm:${ID}?${query}`), {
      id: ID,
      name: 'sample',
      origin,
      peers: [PEER],
    })
  })

  it('reads one without origin and peers, and parameters as people type them', () => {
    assert.deepEqual(parseLink(`jarswarm:${ID}?name=sample`), {
      id: ID,
      name: 'sample',
      origin: undefined,
      peers: [],
    })
    assert.deepEqual(parseLink(`jarswarm:${ID}?name=sample&peer=${PEER}`).peers, [PEER])
  })

  it('ignores parameters of later versions', () => {
    assert.equal(parseLink(`jarswarm:${ID}?later=1&name=sample&later=2`).name, 'sample')
  })

  it('refuses what is no link', () => {
    refuses('', /found "", wanted jarswarm:/)
    refuses(ID, /copy the whole link/)
    refuses(`https://repo.example/${ID}?name=sample`, /copy the whole link/)
    const padded = (length: number) => `jarswarm:${ID}?name=sample&later=`.padEnd(length, 'x')
    refuses('x'.repeat(80), /found "x{80}",/)
    refuses('x'.repeat(81), /found "x{80}…",/)
    assert.equal(parseLink(padded(16_384)).name, 'sample')
    refuses(padded(16_385), /characters, wanted at most 16384/)
  })

  it('refuses an id that is not 64 lower-case hex digits', () => {
    for (const id of ['', ID.slice(1), `${ID}0`, ID.toUpperCase(), `//${ID}`, `/${ID}`]) {
      refuses(`jarswarm:${id}?name=sample`, /found repository id .*64 lower-case hex digits/)
    }
  })

  it('refuses a name that is missing, repeated or malformed', () => {
    refuses(`jarswarm:${ID}`, /found no name/)
    refuses(`jarswarm:${ID}?name=a&name=b`, /found more than one name/)
    refuses(`jarswarm:${ID}?name=`, /found name ""/)
    refuses(`jarswarm:${ID}?name=Sample`, /found name "Sample"/)
    refuses(`jarswarm:${ID}?name=..%2Fup`, /found name/)
  })

  it('refuses an origin that is repeated or no http URL', () => {
    refuses(`jarswarm:${ID}?name=a&origin=http://a&origin=http://b`, /found more than one origin/)
    refuses(`jarswarm:${ID}?name=a&origin=ftp://a/`, /found origin "ftp/)
  })

  it('refuses a peer that is no full multiaddr, and more than MAX_LINK_PEERS', () => {
    refuses(`jarswarm:${ID}?name=a&peer=192.0.2.1:4870`, /found peer "192/)
    const withPeers = (count: number) => `jarswarm:${ID}?name=a${`&peer=${PEER}`.repeat(count)}`
    assert.equal(parseLink(withPeers(MAX_LINK_PEERS)).peers.length, MAX_LINK_PEERS)
    refuses(withPeers(MAX_LINK_PEERS + 1), /found 17 peers, wanted at most 16/)
  })

  it('reads a link of MAX_LINK_LENGTH, and none longer', () => {
    const link = `jarswarm:${ID}?name=a&other=`.padEnd(MAX_LINK_LENGTH, 'x')
    assert.equal(parseLink(link).name, 'a')
    refuses(`${link}x`, /characters, wanted at most 16384/)
  })

  it('never fails otherwise', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.webQueryParameters().map((query) => `jarswarm:${ID}?name=a&${query}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseLink(text)
        } catch (error) {
          assert.ok(error instanceof InvalidLinkError)
        }
      }),
    )
  })
})

describe('formatLink', () => {
  it('is read back to the same', () => {
    const origin = fc.webUrl({ withQueryParameters: false }).filter(isOrigin)
    const links = fc.record(
      {
        id: fc.constant(ID),
        name: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/),
        origin: fc.option(origin, { nil: undefined }),
        peers: fc.array(fc.constantFrom(PEER, `/dns4/a+b.example/tcp/1/p2p/${PEER_ID}`), {
          maxLength: 16,
        }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(links, (link) => {
        assert.deepEqual(parseLink(formatLink(link)), link)
      }),
    )
  })

  it('refuses what could not be read back', () => {
    const link = { id: ID, name: 'sample', origin: undefined, peers: [] }
    assert.throws(() => formatLink({ ...link, id: 'no' }), InvalidLinkError)
    assert.throws(() => formatLink({ ...link, name: 'No' }), InvalidLinkError)
    assert.throws(() => formatLink({ ...link, peers: ['no'] }), InvalidLinkError)
  })
})

describe('isRepositoryName', () => {
  it('knows names from what is none', () => {
    for (const name of ['clojars', '0', 'a.b_c-d', 'x'.repeat(64)])
      assert.ok(isRepositoryName(name), name)
    for (const name of ['', '-', '-a', '.a', '_a', 'A', 'a/b', 'a b', 'ä', 'x'.repeat(65), 'a\n']) {
      assert.ok(!isRepositoryName(name), name)
    }
  })
})

describe('isOrigin', () => {
  it('knows base URLs from what is none', () => {
    for (const url of [
      'http://127.0.0.1:80/',
      'https://repo.example',
      'HTTPS://repo.example/a/b',
    ]) {
      assert.ok(isOrigin(url), url)
    }
    const others = [
      '',
      'repo.example',
      'ftp://a/',
      'file:///a',
      'http://',
      'http://u@a/',
      'http://:p@a/',
      'http://a:99999/',
    ]
    for (const url of [
      ...others,
      'http://a/?q',
      'http://a/#f',
      'http://a b/',
      'http://a/\n',
      `http://${'a'.repeat(1024)}/`,
    ]) {
      assert.ok(!isOrigin(url), url)
    }
  })
})

/** So many characters long. */
function dnsAddress(length: number): string {
  const end = `/p2p/${PEER_ID}`
  return `${'/dns4/'.padEnd(length - end.length, 'a')}${end}`
}

describe('isPeerAddress', () => {
  it('takes an address of MAX_PEER_ADDRESS_LENGTH, and none longer', () => {
    assert.ok(isPeerAddress(dnsAddress(MAX_PEER_ADDRESS_LENGTH)))
    assert.ok(!isPeerAddress(dnsAddress(MAX_PEER_ADDRESS_LENGTH + 1)))
  })

  it('knows full multiaddrs from what is none', () => {
    for (const address of [
      PEER,
      `/ip6/2001:db8::1/tcp/443/wss/p2p/${PEER_ID}`,
      `/dnsaddr/swarm.example/p2p/Qm${'a'.repeat(44)}`,
      `/ip4/192.0.2.1/tcp/1/p2p/${PEER_ID}/p2p-circuit/p2p/${PEER_ID}`,
    ]) {
      assert.ok(isPeerAddress(address), address)
    }
    for (const address of [
      '',
      '/ip4/192.0.2.1/tcp/4870',
      `/p2p/${PEER_ID}`,
      `/tcp/1/p2p/${PEER_ID}`,
      `${PEER}/`,
      `${PEER}\n`,
      ` ${PEER}`,
      `/ip4/192.0.2.1/tcp/4870/p2p/short`,
      `/ip4//tcp/4870/p2p/${PEER_ID}`,
      `/ip4/192.0.2.1/tcp/4870/p2p/0OIl${'a'.repeat(48)}`,
    ]) {
      assert.ok(!isPeerAddress(address), address)
    }
  })
})
