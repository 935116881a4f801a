import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0

/**
 * Why network namespaces cannot be made here, or false when they can. They need Linux, root and iproute2.
 */
export function namespacesMissing(): string | false {
  const probe = `jarswarm-probe-${String(process.pid)}`
  if (!ip('netns', 'add', probe)) return 'network namespaces need Linux, root and iproute2'
  ip('netns', 'del', probe)
  return false
}

/** A network namespace and its address. */
export interface Host {
  readonly namespace: string
  readonly address: string
  /** Its end of the cable. */
  readonly device: string
}

/** Two hosts on one cable, each a network namespace with an address of its own, gone with the test. */
export function joinTwoHosts(t: TestContext): readonly Host[] {
  const id = String(process.pid)
  const hosts = ['a', 'b'].map((side, index) => ({
    namespace: `jarswarm-${id}-${side}`,
    device: `js${side}${id}`.slice(0, 15),
    address: `192.0.2.${String(index + 1)}`,
  }))
  const [first, second] = hosts
  if (first === undefined || second === undefined)
    throw new Error('Cannot join fewer than two hosts')
  t.after(() => {
    for (const { namespace } of hosts) ip('netns', 'del', namespace)
  })
  for (const { namespace } of hosts) ip('netns', 'add', namespace)
  ip(
    'link',
    'add',
    first.device,
    'netns',
    first.namespace,
    'type',
    'veth',
    'peer',
    'name',
    second.device,
    'netns',
    second.namespace,
  )
  for (const { namespace, device, address } of hosts) {
    const inside = ['-n', namespace] as const
    ip(...inside, 'addr', 'add', `${address}/24`, 'dev', device)
    ip(...inside, 'link', 'set', device, 'up')
    ip(...inside, 'link', 'set', 'lo', 'up')
    ip(...inside, 'route', 'add', 'default', 'dev', device)
  }
  return hosts
}

/** Unplug a host: its connections are reset, on both sides when called for both, and new ones find no way. */
export function unplug({ namespace, device }: Host): void {
  ip('-n', namespace, 'link', 'set', device, 'down')
  ip('netns', 'exec', namespace, 'ss', '--kill', '--tcp', 'dst', '192.0.2.0/24')
}

/** Plug it in again. */
export function plugIn({ namespace, device }: Host): void {
  ip('-n', namespace, 'link', 'set', device, 'up')
}
