import { homedir } from 'node:os'
import { certificatePlaces } from '@jarswarm/node'
import type { HostPort } from '@jarswarm/node'
import { parseHostPort } from '../host-port.ts'
import { readNodeSettings } from '../node-settings.ts'
import { UsageError } from '../usage-error.ts'
import { STAND_INS } from './setup-plan.ts'
import type { SetupTarget, StandIn } from './setup-plan.ts'

const ANY_HOSTS = new Set(['0.0.0.0', '::'])

/**
 * What the options of `setup` and `run` say about the node.
 *
 * `--as clojars,central=NAME`: ids that clients know, each with the node's own name of the repository when that is
 * another.
 */
export async function readSetupTarget(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SetupTarget> {
  const { node, as, https, ...rest } = flags
  const settings = await readNodeSettings(rest, env)
  const http = readNode(node) ?? settings.http
  if (http.port === 0)
    throw new UsageError(
      'Cannot point a client at port 0: --node HOST:PORT of the running node is wanted',
    )
  const address = `http://${toAuthority(http)}`
  const secure = readSecure(https, settings.https)
  return {
    replacements: readReplacements(as, {
      address,
      base: secure === undefined ? address : `https://${toAuthority(secure)}`,
    }),
    certificate: secure && certificatePlaces(settings.dataDir).cert,
    home: env['HOME'] ?? homedir(),
    env,
  }
}

/** `--https` alone means the address of the settings. */
function readSecure(said: unknown, settings: HostPort | undefined): HostPort | undefined {
  if (said === undefined || said === false) return undefined
  const secure = said === true ? settings : readNode(said)
  if (secure !== undefined && secure.port !== 0) return secure
  throw new UsageError('Cannot use HTTPS: --https HOST:PORT of the running node is wanted')
}

function readNode(text: unknown): HostPort | undefined {
  if (typeof text !== 'string') return undefined
  const address = parseHostPort(text)
  if (address !== undefined) return address
  throw new UsageError(`Cannot use "${text}" as the address of a node: HOST:PORT is wanted`)
}

function toAuthority({ host, port }: HostPort): string {
  const reached = ANY_HOSTS.has(host) || host === 'localhost' ? '127.0.0.1' : host
  return `${reached.includes(':') ? `[${reached}]` : reached}:${String(port)}`
}

/** Probes go to `address`: whoever asks before the build may not know the certificate. */
function readReplacements(
  as: unknown,
  { address, base }: { readonly address: string; readonly base: string },
): SetupTarget['replacements'] {
  const text = typeof as === 'string' ? as : 'clojars'
  return text.split(',').map((one) => {
    const [id, name = id] = one.split('=')
    const known = STAND_INS.find((standIn): standIn is StandIn => standIn === id)
    if (known === undefined || name === undefined || !/^[a-z0-9][a-z0-9._-]*$/.test(name))
      throw new UsageError(
        `Cannot use --as ${text}: a list of ${STAND_INS.join(', ')} is wanted, each alone or as clojars=NAME`,
      )
    return { as: known, url: `${base}/${name}/`, probe: `${address}/-/health/${name}` }
  })
}
