import { resolve } from 'node:path'
import { defaultDataDirectory, LOG_LEVELS } from '@jarswarm/node'
import type { HostPort, LogLevel, ProxyAddress } from '@jarswarm/node'
import { isRepositoryName, parseLink, toMirrorUrl } from '@jarswarm/trust'
import type { SwarmLink } from '@jarswarm/trust'
import { readConfigFile } from './config-file.ts'
import { parseHostPort } from './host-port.ts'
import { parseProxyAddress } from './proxy-address.ts'
import { readOne, readSetting } from './setting.ts'
import type { Setting, SettingSources } from './setting.ts'
import { parseSize } from './size.ts'
import { UsageError } from './usage-error.ts'

export const DEFAULT_HTTP: HostPort = { host: '127.0.0.1', port: 8470 }
export const DEFAULT_HTTPS: HostPort = { host: '127.0.0.1', port: 8471 }
export const DEFAULT_LISTEN = '/ip4/0.0.0.0/tcp/4870'

/** What a node is to do, after flags, environment, `config.json` and defaults were merged. */
export interface NodeSettings {
  readonly dataDir: string
  readonly join: readonly SwarmLink[]
  readonly http: HostPort
  /** Undefined when it is off. `optional` when nobody asked for this address. */
  readonly https: (HostPort & { readonly optional: boolean }) | undefined
  readonly allowHosts: readonly string[]
  /** URL under which strangers read the repositories; undefined for none. */
  readonly publicUrl: string | undefined
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly mdns: boolean
  /** What is fetched before anyone asks: nothing, everything, or what matches one of the globs. */
  readonly mirror: 'none' | 'all' | readonly string[]
  readonly quotaBytes: number | undefined
  /** Space for a share of the repositories; undefined for none. */
  readonly donatedBytes: number | undefined
  /** Repositories without signed index that are passed on from their origins. */
  readonly proxy: readonly ProxyAddress[]
  readonly share: 'all' | 'lan' | 'none'
  readonly freshness: 'default' | 'enforce'
  /** Pass nothing on that the signed index of an observed repository does not name. */
  readonly strict: boolean
  readonly offline: boolean
  /** Whether the whole index is fetched, rather than the part that is asked for. */
  readonly syncIndex: boolean
  readonly logLevel: LogLevel
}

const text = (flag: string, wanted: string): Setting<string> => ({
  flag,
  repeated: true,
  wanted,
  parse: (value) => (value === '' ? undefined : value),
})

const choice = <T extends string>(flag: string, values: readonly T[]): Setting<T> => ({
  flag,
  repeated: false,
  wanted: `one of ${values.join(', ')}`,
  parse: (value) => values.find((one) => one === value),
})

const ON_OFF: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

const onOff = (flag: string): Setting<boolean> => ({
  flag,
  repeated: false,
  wanted: 'true or false',
  parse: (value) => ON_OFF.get(value),
})

const multiaddr = (flag: string, pattern: RegExp, example: string): Setting<string> => ({
  flag,
  repeated: true,
  wanted: `a multiaddr such as ${example}`,
  parse: (value) => (pattern.test(value) ? value : undefined),
})

const LISTEN_ADDRESS = /^\/(?:ip4|ip6)\/[0-9a-fA-F.:]+\/tcp\/\d{1,5}$/
const PEER_ADDRESS = /^\/(?:ip4|ip6|dns|dns4|dns6|dnsaddr)\/[^/]+(?:\/[^/]+)*\/p2p\/[A-Za-z0-9]+$/

/** The settings of a node. */
export interface NodeSettingTable {
  readonly join: Setting<SwarmLink>
  readonly as: Setting<string>
  readonly http: Setting<HostPort>
  readonly https: Setting<HostPort | 'off'>
  readonly allowHost: Setting<string>
  readonly public: Setting<string>
  readonly listen: Setting<string>
  readonly bootstrap: Setting<string>
  readonly mdns: Setting<boolean>
  readonly mirror: Setting<string>
  readonly quota: Setting<number>
  readonly donate: Setting<number>
  readonly proxy: Setting<ProxyAddress>
  readonly share: Setting<'all' | 'lan' | 'none'>
  readonly freshness: Setting<'default' | 'enforce'>
  readonly strict: Setting<boolean>
  readonly offline: Setting<boolean>
  readonly logLevel: Setting<LogLevel>
}

export const SETTINGS: NodeSettingTable = {
  join: { flag: 'join', repeated: true, wanted: 'a swarm link', parse: parseLink },
  as: {
    flag: 'as',
    repeated: false,
    wanted: 'a name of at most 64 of a-z, 0-9, ".", "_" and "-", a letter or digit first,',
    parse: (value) => (isRepositoryName(value) ? value : undefined),
  },
  http: {
    flag: 'http',
    repeated: false,
    wanted: 'HOST:PORT such as 127.0.0.1:8470',
    parse: parseHostPort,
  },
  https: {
    flag: 'https',
    repeated: false,
    wanted: 'HOST:PORT such as 127.0.0.1:8471, or off',
    parse: (value) => (value === 'off' ? value : parseHostPort(value)),
  },
  allowHost: text('allow-host', 'a host name'),
  public: {
    flag: 'public',
    repeated: false,
    wanted: 'an http or https URL such as https://mirror.example/maven/, without credentials',
    parse: toMirrorUrl,
  },
  listen: multiaddr('listen', LISTEN_ADDRESS, DEFAULT_LISTEN),
  bootstrap: multiaddr('bootstrap', PEER_ADDRESS, '/ip4/192.0.2.1/tcp/4870/p2p/12D3KooW…'),
  mdns: onOff('mdns'),
  mirror: text('mirror', 'none, all or a glob over paths such as "org/clojure/**"'),
  quota: {
    flag: 'quota',
    repeated: false,
    wanted: 'a size such as 500M or 20G',
    parse: parseSize,
  },
  donate: {
    flag: 'donate',
    repeated: false,
    wanted: 'a size such as 500M or 20G',
    parse: parseSize,
  },
  proxy: {
    flag: 'proxy',
    repeated: true,
    wanted: 'NAME=URL such as central=https://repo1.maven.org/maven2/, without credentials',
    parse: parseProxyAddress,
  },
  share: choice('share', ['all', 'lan', 'none']),
  freshness: choice('freshness', ['default', 'enforce']),
  strict: onOff('strict'),
  offline: onOff('offline'),
  logLevel: choice('log-level', LOG_LEVELS),
}

/** The data directory that flag or environment name, else the standard one of the user's system. */
export function dataDirectory(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const said = flags['data'] ?? env['JARSWARM_DATA']
  return typeof said === 'string' && said !== '' ? resolve(said) : defaultDataDirectory()
}

/**
 * Merge all that was said of a node.
 *
 * @throws {UsageError | InvalidLinkError} when something in it cannot be meant
 */
export async function readNodeSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<NodeSettings> {
  const dataDir = dataDirectory(flags, env)
  const settings: readonly Setting<unknown>[] = Object.values({ ...SETTINGS })
  const known = settings.map(({ flag }) => flag)
  const { file, values } = await readConfigFile(dataDir, known)
  const sources: SettingSources = { flags, env, config: values, configFile: file }
  return checkDonation(checkPublic({ dataDir, ...readNetwork(sources), ...readKeeping(sources) }))
}

/** A public mirror that holds nothing would fetch for all the world, file by file. */
function checkPublic(settings: NodeSettings): NodeSettings {
  if (settings.publicUrl === undefined || settings.mirror !== 'none') return settings
  throw new UsageError(
    `Cannot use --public ${settings.publicUrl} alone: --mirror all, or --mirror with globs, is wanted with it`,
  )
}

/** Who donates must be found and asked, and hold only part of it all. */
function checkDonation(settings: NodeSettings): NodeSettings {
  const { donatedBytes = 0, mirror, share, offline } = settings
  if (donatedBytes === 0) return settings
  const reason = offline
    ? 'a node that is offline gives nothing to others'
    : share === 'none'
      ? 'a node that shares with nobody gives nothing to others (--share all or lan is wanted; none is the default with CI set)'
      : mirror === 'all'
        ? 'a node with --mirror all keeps everything already'
        : undefined
  if (reason === undefined) return settings
  throw new UsageError(`Cannot use --donate: ${reason}`)
}

type Network = Pick<
  NodeSettings,
  'join' | 'http' | 'https' | 'allowHosts' | 'publicUrl' | 'listen' | 'bootstrap' | 'mdns'
>

function readNetwork(sources: SettingSources): Network {
  const http = readOne(SETTINGS.http, sources) ?? DEFAULT_HTTP
  return {
    join: readLinks(sources),
    http,
    https: toHttps(readOne(SETTINGS.https, sources), http),
    allowHosts: readSetting(SETTINGS.allowHost, sources) ?? [],
    publicUrl: readOne(SETTINGS.public, sources),
    listen: readSetting(SETTINGS.listen, sources) ?? [DEFAULT_LISTEN],
    bootstrap: readSetting(SETTINGS.bootstrap, sources) ?? [],
    mdns: readOne(SETTINGS.mdns, sources) ?? true,
  }
}

/**
 * A link under another name, by which one node alone knows the repository.
 *
 * @throws {UsageError} when it is none
 */
export function renameLink(link: SwarmLink, name: string): SwarmLink {
  if (SETTINGS.as.parse(name) !== undefined) return { ...link, name }
  throw new UsageError(`Cannot use --as ${JSON.stringify(name)}: ${SETTINGS.as.wanted} is wanted`)
}

function readLinks(sources: SettingSources): readonly SwarmLink[] {
  const links = readSetting(SETTINGS.join, sources) ?? []
  const name = readOne(SETTINGS.as, sources)
  if (name === undefined) return links
  const [link, ...others] = links
  if (link !== undefined && others.length === 0) return [renameLink(link, name)]
  throw new UsageError(
    `Cannot use --as with ${String(links.length)} links: exactly one --join is wanted with it`,
  )
}

/** A node that takes any free port for HTTP does so for HTTPS too. */
function toHttps(said: HostPort | 'off' | undefined, http: HostPort): NodeSettings['https'] {
  if (said === 'off') return undefined
  if (said !== undefined) return { ...said, optional: false }
  return { ...DEFAULT_HTTPS, ...(http.port === 0 ? { port: 0 } : {}), optional: true }
}

function readKeeping(sources: SettingSources): Omit<NodeSettings, 'dataDir' | keyof Network> {
  const isCi = !['', '0', 'false'].includes(sources.env['CI'] ?? '')
  const mirror = toMirror(readSetting(SETTINGS.mirror, sources) ?? ['none'])
  return {
    mirror,
    quotaBytes: readOne(SETTINGS.quota, sources),
    donatedBytes: readOne(SETTINGS.donate, sources),
    proxy: readSetting(SETTINGS.proxy, sources) ?? [],
    share: readOne(SETTINGS.share, sources) ?? (isCi ? 'none' : 'all'),
    freshness: readOne(SETTINGS.freshness, sources) ?? 'default',
    strict: readOne(SETTINGS.strict, sources) ?? false,
    offline: readOne(SETTINGS.offline, sources) ?? false,
    // A mirror or donor must know all that there is; a runner that lives for minutes need not.
    syncIndex: !isCi || mirror !== 'none' || readOne(SETTINGS.donate, sources) !== undefined,
    logLevel: readOne(SETTINGS.logLevel, sources) ?? 'warn',
  }
}

function toMirror(values: readonly string[]): NodeSettings['mirror'] {
  const [word] = values.filter(
    (value): value is 'none' | 'all' => value === 'none' || value === 'all',
  )
  if (word === undefined) return values
  if (values.length === 1) return word
  throw new UsageError(
    `Cannot use --mirror ${values.join(' --mirror ')}: none or all stands alone, or several globs`,
  )
}
