// Targets of hostile requests, and a small model of what each of them names. The model shares no code with the endpoint: it
// reads bytes one by one, and knows the tree that was published.
import { createHash } from 'node:crypto'
import type { SeededRandom } from './_random.ts'

const MAX_TARGET_CHARACTERS = 4_096
const MAX_PATH_BYTES = 1_024
const MAX_SEGMENTS = 32
const MAX_SEGMENT_BYTES = 255
const RESERVED = '.jarswarm'
const OWN_PAGES: ReadonlySet<string> = new Set(['health', 'status', 'metrics'])
const SIDECAR = /^(.+)\.(md5|sha1|sha256|sha512)$/

/** What there is to be asked for, and under which names. */
export interface Site {
  readonly repository: string
  /** Artifacts by path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Published form by path, below `.jarswarm/`. */
  readonly published: ReadonlyMap<string, Uint8Array>
  /** Host header of the node itself, and the one of its public URL. */
  readonly host: string
  readonly publicHost: string
}

/** What a target names. `published` may also be missing: a mirror has not all of it. */
export type Named =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'sidecar'; readonly bytes: Uint8Array }
  | { readonly kind: 'published'; readonly bytes: Uint8Array }
  | { readonly kind: 'page' }
  | { readonly kind: 'nothing'; readonly status: number }

/** A target taken apart: whose authority it names, and its path; undefined when it is no target of a read. */
export function splitByModel(
  target: string,
): { readonly authority: string | undefined; readonly path: string } | undefined {
  if (target.startsWith('/')) return { authority: undefined, path: target }
  const scheme = ['http://', 'https://'].find((one) => target.toLowerCase().startsWith(one))
  if (scheme === undefined) return undefined
  const rest = target.slice(scheme.length)
  const end = rest.search(/[/?#]/)
  if (end === -1) return { authority: rest, path: '/' }
  const path = rest.slice(end)
  return { authority: rest.slice(0, end), path: path.startsWith('/') ? path : `/${path}` }
}

/** What a path names at the node, or at its public URL. */
export function nameByModel(path: string, site: Site, isPublic: boolean): Named {
  const segments = path.length > MAX_TARGET_CHARACTERS ? undefined : cleanByModel(path)
  if (segments === undefined) return { kind: 'nothing', status: 400 }
  const folder = path.split('?', 1)[0]?.endsWith('/') === true
  if (isPublic && segments[0] === RESERVED) return namePublished(segments.join('/'), folder, site)
  if (isPublic) return nameArtifact(segments, folder, site)
  const [first, ...below] = segments
  if (first === undefined) return { kind: 'page' }
  if (first === '-') return nameOwn(below, site)
  if (first !== site.repository) return { kind: 'nothing', status: 424 }
  return nameArtifact(below, folder, site)
}

/** Segments of a path in the one spelling that there is; undefined when it has another. */
function cleanByModel(path: string): readonly string[] | undefined {
  const [raw = ''] = path.split('?', 1)
  if (path.includes('#')) return undefined
  const segments: string[] = []
  for (const part of raw.split('/').filter((one) => one !== '')) {
    let segment = ''
    for (let at = 0; at < part.length; at += 1) {
      let byte = part.charCodeAt(at)
      if (byte === 0x25) {
        const hex = part.slice(at + 1, at + 3)
        if (!/^[0-9a-fA-F]{2}$/.test(hex)) return undefined
        byte = Number.parseInt(hex, 16)
        at += 2
      }
      if (byte <= 0x20 || byte >= 0x7f || '%/\\'.includes(String.fromCharCode(byte)))
        return undefined
      segment += String.fromCharCode(byte)
    }
    if (segment === '.' || segment === '..') return undefined
    segments.push(segment)
  }
  return segments
}

function nameOwn([page = '', ...rest]: readonly string[], site: Site): Named {
  if (rest.length === 0 && OWN_PAGES.has(page)) return { kind: 'page' }
  if (page !== 'health' || rest.length === 0) return { kind: 'nothing', status: 404 }
  return rest.join('/') === site.repository ? { kind: 'page' } : { kind: 'nothing', status: 424 }
}

function namePublished(path: string, folder: boolean, { published }: Site): Named {
  const bytes = folder ? undefined : published.get(path)
  return bytes === undefined ? { kind: 'nothing', status: 404 } : { kind: 'published', bytes }
}

function nameArtifact(segments: readonly string[], folder: boolean, { files }: Site): Named {
  const path = segments.join('/')
  if (path === '') return { kind: 'page' }
  if (isUnfit(segments)) return { kind: 'nothing', status: 400 }
  if ([...files.keys()].some((one) => one.startsWith(`${path}/`))) return { kind: 'page' }
  if (folder) return { kind: 'nothing', status: 404 }
  const bytes = files.get(path)
  if (bytes !== undefined) return { kind: 'file', bytes }
  const [, name = '', algorithm = ''] = SIDECAR.exec(path) ?? []
  const artifact = files.get(name)
  if (artifact === undefined) return { kind: 'nothing', status: 404 }
  const digest = createHash(algorithm).update(artifact)
  return { kind: 'sidecar', bytes: Buffer.from(digest.digest('hex')) }
}

/** Whether no repository can have a path. */
function isUnfit(segments: readonly string[]): boolean {
  if (segments[0] === RESERVED || segments.length > MAX_SEGMENTS) return true
  return (
    segments.join('/').length > MAX_PATH_BYTES ||
    segments.some(({ length }) => length > MAX_SEGMENT_BYTES)
  )
}

/** Segments that lead elsewhere where they are believed. */
const WAYWARD: readonly string[] = [
  ...['..', '.', '%2e%2e', '%2E.', '.%2e', '..;', '...', '..%00', '%2e', '..%2f', '..%5c', '..\\'],
  ...['%c0%ae%c0%ae', '%e0%80%ae', '%252e%252e', '%25%32%65', '%u002e', '..%c0%af', '.jarswarm'],
  ...[
    '%',
    '%%',
    '%2',
    '%zz',
    '%00',
    '\0',
    '%0d%0a',
    '%0a',
    '%20',
    ' ',
    '%09',
    '%7f',
    '%ff',
    '~',
    '+',
  ],
  ...[
    '%C3%A9',
    '\xe9',
    '\xc3\xa9',
    '%EF%BC%8F',
    '%E2%80%AE',
    '%F0%9F%98%80',
    '%ED%A0%80',
    '-',
    ':',
  ],
  ...['con', 'nul', 'aux.', 'C:', '$', '`', '|', '<script>', '"', "'", '{}', '@', '!', '*', '%2a'],
]

const ENDINGS: readonly string[] = [
  ...[
    '.sha1',
    '.md5',
    '.sha256',
    '.sha512',
    '.sha1.sha1',
    '.md5.sha512',
    '.SHA1',
    '.sha1/',
    '.asc',
  ],
  ...[
    '.asc.sha1',
    '.sha',
    '.sha1%20',
    '.sha1%00',
    '/',
    '//',
    '/.',
    '/x',
    '.',
    ';a=b',
    '?',
    '?a=../..',
  ],
  ...['#', '?#', '%3f', '%23', '~', '\\', '%', '.sha1?x', '/.sha1', '..sha1', '%2f', '%2esha1'],
]

/** A target that follows from what is drawn: of a path that there is, whole or spoilt. */
export function drawTarget(random: SeededRandom, site: Site): string {
  const isPublic = random.below(4) === 0
  const tree = isPublic ? [...site.files.keys(), ...site.published.keys()] : [...site.files.keys()]
  const path = tree[random.below(tree.length)] ?? ''
  const pages = ['/', '/-/status', '/-/health', '/-/metrics', `/-/health/${site.repository}`, '/-/']
  const plain = isPublic ? `/${path}` : `/${site.repository}/${path}`
  let target = random.below(8) === 0 ? (pages[random.below(pages.length)] ?? '/') : plain
  for (let changes = random.below(2) * random.below(4); changes > 0; changes -= 1) {
    const change = CHANGES[random.below(CHANGES.length)]
    target = change?.(target, random, site) ?? target
  }
  return target
}

type Change = (target: string, random: SeededRandom, site: Site) => string

const CHANGES: readonly Change[] = [
  (target, random) => {
    const segments = target.split('/')
    const at = 1 + random.below(segments.length)
    return segments.toSpliced(at, random.below(2), draw(WAYWARD, random)).join('/')
  },
  (target, random) => {
    const up = Array<string>(1 + random.below(12)).fill(draw(WAYWARD.slice(0, 20), random))
    return `${target}/${[...up, 'etc/passwd'].join('/')}`
  },
  (target, random) => target + draw(ENDINGS, random),
  (target, random) => encode(target, random),
  (target, random) => target.replaceAll('/', () => '/'.repeat(1 + random.below(3))),
  (target, random) => replaceAt(target, random, String.fromCharCode(drawByte(random))),
  (target, random) => {
    const lengths = [40, 254, 255, 256, 300, 1_000, 1_024, 1_030, 4_095, 4_096, 5_000]
    return `${target}/${'a'.repeat(lengths[random.below(lengths.length)] ?? 0)}`
  },
  (target, random) => target + '/a'.repeat(20 + random.below(20)),
  (target, random) => (random.below(2) === 0 ? target.toUpperCase() : target.slice(1)),
  (target, random, { host, publicHost }) => {
    const hosts = [host, host.toUpperCase(), publicHost, 'evil.example', '', `user@${host}`]
    const named = [...hosts, `${host}@evil.example`, `evil.example\\@${host}`, `${host}:80`, '*']
    const scheme = draw(['http://', 'HTTP://', 'https://', 'ftp://', 'file://', '//'], random)
    return `${scheme}${draw(named, random)}${target}`
  },
  (_target, random, { host }) =>
    draw(['*', '/*', '?', '.', host, 'http:', `http://${host}`], random),
]

function draw(list: readonly string[], random: SeededRandom): string {
  return list[random.below(list.length)] ?? ''
}

/** Any byte but those that end a line. */
function drawByte(random: SeededRandom): number {
  const byte = random.below(256)
  return byte === 10 || byte === 13 ? 0 : byte
}

/** Some characters in the other spelling, which names the same. */
function encode(target: string, random: SeededRandom): string {
  const hex = (one: string): string => `%${one.charCodeAt(0).toString(16)}`
  return target.replaceAll(/[a-z0-9+~._-]/g, (one) => (random.below(6) === 0 ? hex(one) : one))
}

function replaceAt(target: string, random: SeededRandom, by: string): string {
  const at = random.below(Math.max(1, target.length))
  return target.slice(0, at) + by + target.slice(at + 1)
}
