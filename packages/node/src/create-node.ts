import type { HttpsInit } from '@jarswarm/endpoint'
import type { Clock } from '@jarswarm/ports'
import { DEFAULT_QUOTA_BYTES, openDataDirectory } from '@jarswarm/store'
import { checkClock } from './clock-check.ts'
import { DenyList } from './deny/deny-list.ts'
import { FollowedRepositories } from './followed-repositories.ts'
import { JoinedRepositories } from './joined-repositories.ts'
import { allowedHandles, planHandles } from './limits/file-handles.ts'
import type { HandlePlan } from './limits/file-handles.ts'
import { LocalNode } from './local-node.ts'
import type { Node } from './node.ts'
import type { NodeInit } from './node-init.ts'
import { createLogger } from './pino-logger.ts'
import { ProxiedRepositories } from './proxied-repositories.ts'
import { SwarmSlot } from './swarm-slot.ts'
import { SystemClock } from './system-clock.ts'
import { loadCertificate } from './tls/certificate-files.ts'

/**
 * Open a data directory, and make a node of it that is ready to start.
 *
 * @throws {WrongClockError} before anything is judged by a wrong time
 * @throws {ForeignDirectoryError | DirectoryInUseError | NoSpaceError} of the data directory
 * @throws {CorruptFileError} when the list of joined repositories is damaged
 * @throws {RepositoryNameTakenError | RepositoryIdMismatchError} when a link in `join` is refused
 */
export async function createNode(init: NodeInit): Promise<Node> {
  return makeNode(init, 'node')
}

/**
 * Make a node that only helps others find each other: without endpoint and blobs, it keeps addresses and provider
 * records, and passes new heads on after verifying them. It keeps the whole index, for that says which provider
 * records are worth keeping.
 *
 * @throws as {@link createNode}
 */
export async function createBootstrap(
  init: Omit<
    NodeInit,
    'proxy' | 'http' | 'https' | 'allowHosts' | 'mirror' | 'share' | 'syncIndex'
  >,
): Promise<Node> {
  return makeNode(
    { ...init, http: undefined, https: undefined, mirror: 'none', syncIndex: true },
    'bootstrap',
  )
}

/** The certificate is made before the node: an endpoint is given what it shows. */
async function prepareHttps(
  { dataDir, http, https }: NodeInit,
  clock: Clock,
): Promise<HttpsInit | undefined> {
  if (http === undefined || https === undefined) return undefined
  return { ...https, credentials: await loadCertificate(dataDir, clock.now()) }
}

/** The swarm is loaded only for who takes part in it: libp2p is most of the start-up time. */
async function shareHandles(
  { offline = false, mechanisms, http, https, proxy = [] }: NodeInit,
  { role, followed }: { readonly role: 'node' | 'bootstrap'; readonly followed: number },
): Promise<HandlePlan> {
  const swarm = offline
    ? 0
    : (await import('@jarswarm/swarm')).swarmHandles(role, mechanisms?.limits)
  const listeners = [http, https].filter((listener) => listener !== undefined).length
  return planHandles(allowedHandles(), { swarm, followed, proxied: proxy.length, listeners })
}

async function makeNode(init: NodeInit, role: 'node' | 'bootstrap'): Promise<Node> {
  const clock = init.clock ?? new SystemClock()
  const logger = init.logger ?? createLogger()
  checkClock(clock)
  const { dataDir, quotaBytes = DEFAULT_QUOTA_BYTES, donatedBytes = 0 } = init
  const room = { quotaBytes: quotaBytes + donatedBytes }
  const data = await openDataDirectory(dataDir, room, { clock, logger })
  try {
    const joined = new JoinedRepositories(dataDir)
    await joined.load()
    const denied = new DenyList({ clock }, { dataDir })
    await denied.load()
    const { proxy = [], version, offline = false } = init
    for (const { name } of proxy) joined.reserve(name)
    const swarm = new SwarmSlot()
    const proxied = new ProxiedRepositories(
      { data, swarm, clock, logger },
      { proxies: proxy, version, offline },
    )
    const followed = new FollowedRepositories(
      { data, joined, proxied, denied, swarm, clock, logger },
      init,
    )
    for (const link of init.join ?? []) await followed.remember(link)
    const https = await prepareHttps(init, clock)
    const handles = await shareHandles(init, { role, followed: joined.links().length })
    if (!handles.enough) {
      const { allowed, clientConnections } = handles
      const fields = { allowed, clientConnections }
      logger.warn(fields, 'few file handles are allowed: fewer clients are taken (see ulimit -n)')
    }
    return new LocalNode(
      { data, swarm, followed, proxied, denied, clock, logger },
      { ...init, role, https, handles },
    )
  } catch (error) {
    await data.close()
    throw error
  }
}
