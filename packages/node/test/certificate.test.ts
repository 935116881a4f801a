import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { certificatePlaces, isUsablePair, loadCertificate } from '../src/tls/certificate-files.ts'
import { makeCertificate } from '../src/tls/make-certificate.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const NOW_MS = Date.UTC(2027, 2, 1)

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-certificate-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

describe('loadCertificate', () => {
  it('makes one that vouches for this machine and nothing else', async (t) => {
    const { cert } = await loadCertificate(temporaryDirectory(t), NOW_MS)
    const certificate = new X509Certificate(cert)
    assert.equal(certificate.ca, false)
    assert.equal(certificate.subjectAltName, 'IP Address:127.0.0.1, DNS:localhost')
    assert.ok(certificate.verify(certificate.publicKey))
    assert.ok(Date.parse(certificate.validFrom) <= NOW_MS)
    assert.equal(Date.parse(certificate.validTo), NOW_MS + 365 * DAY_MS)
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  })

  it('lets nobody else read the key', async (t) => {
    const directory = temporaryDirectory(t)
    await loadCertificate(directory, NOW_MS)
    assert.equal(statSync(certificatePlaces(directory).key).mode & 0o777, 0o600)
  })

  it('refuses a key that others can read', async (t) => {
    const directory = temporaryDirectory(t)
    await loadCertificate(directory, NOW_MS)
    chmodSync(certificatePlaces(directory).key, 0o644)
    await assert.rejects(loadCertificate(directory, NOW_MS), { code: 'ERR_KEYS_EXPOSED' })
  })

  it('keeps it until it has 30 days left', async (t) => {
    const directory = temporaryDirectory(t)
    const first = await loadCertificate(directory, NOW_MS)
    assert.deepEqual(await loadCertificate(directory, NOW_MS + 335 * DAY_MS - 1), first)
    const second = await loadCertificate(directory, NOW_MS + 335 * DAY_MS)
    assert.notEqual(second.cert, first.cert)
    assert.deepEqual(await loadCertificate(directory, NOW_MS + 336 * DAY_MS), second)
  })

  it('makes another when the clock was wrong at first', async (t) => {
    const directory = temporaryDirectory(t)
    const first = await loadCertificate(directory, NOW_MS + 100 * DAY_MS)
    assert.notEqual((await loadCertificate(directory, NOW_MS)).cert, first.cert)
  })

  it('makes another when the key is of another one, as after a crash', async (t) => {
    const directory = temporaryDirectory(t)
    const first = await loadCertificate(directory, NOW_MS)
    const other = await loadCertificate(temporaryDirectory(t), NOW_MS)
    writeFileSync(certificatePlaces(directory).key, other.key)
    assert.notEqual((await loadCertificate(directory, NOW_MS)).cert, first.cert)
  })

  it('makes another when a file is damaged', async (t) => {
    const directory = temporaryDirectory(t)
    await loadCertificate(directory, NOW_MS)
    writeFileSync(certificatePlaces(directory).cert, 'no certificate')
    assert.match((await loadCertificate(directory, NOW_MS)).cert, /BEGIN CERTIFICATE/)
  })

  it('makes another when a bit was turned that changes nothing that is read', async (t) => {
    const directory = temporaryDirectory(t)
    const first = await loadCertificate(directory, NOW_MS)
    const { key } = certificatePlaces(directory)
    // In the end of the last line.
    writeFileSync(key, first.key.replace(/\n$/, '\v'))
    assert.notEqual((await loadCertificate(directory, NOW_MS)).key, first.key)
  })

  it('makes a damaged trust store anew, and keeps the certificate', async (t) => {
    const directory = temporaryDirectory(t)
    const first = await loadCertificate(directory, NOW_MS)
    const { trustStore } = certificatePlaces(directory)
    const whole = readFileSync(trustStore)
    const turned = Buffer.from(whole)
    turned.writeUInt8(turned.readUInt8(100) ^ 1, 100)
    for (const damaged of [turned, whole.subarray(0, 1_000), undefined]) {
      if (damaged === undefined) rmSync(trustStore)
      else writeFileSync(trustStore, damaged)
      assert.deepEqual(await loadCertificate(directory, NOW_MS), first)
      assert.ok(readFileSync(trustStore).equals(whole))
    }
  })

  it('writes a trust store with the certificate and the authorities of the system', async (t) => {
    const directory = temporaryDirectory(t)
    const { cert } = await loadCertificate(directory, NOW_MS)
    const bytes = readFileSync(certificatePlaces(directory).trustStore)
    assert.equal(bytes.readUInt32BE(0), 0xfeedfeed)
    assert.ok(bytes.readUInt32BE(8) > 50)
    assert.ok(bytes.includes(new X509Certificate(cert).raw))
  })
})

describe('isUsablePair', () => {
  it('takes what was made', async () => {
    assert.ok(isUsablePair(await makeCertificate(NOW_MS), NOW_MS))
  })

  it('takes neither certificate nor key with any turned bit', async () => {
    const pair = await makeCertificate(NOW_MS)
    for (const name of ['cert', 'key'] as const) {
      const whole = Buffer.from(pair[name])
      for (let bit = 0; bit < whole.length * 8; bit += 1) {
        const turned = Buffer.from(whole)
        turned.writeUInt8(turned.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const damaged = { ...pair, [name]: turned.toString() }
        assert.ok(!isUsablePair(damaged, NOW_MS), `${name}, bit ${String(bit)}`)
      }
    }
  })
})
