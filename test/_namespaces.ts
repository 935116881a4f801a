import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import type { TestContext } from 'node:test'

const PREFIX = 'jarswarm'
const DEVICE = 'eth0'
/** Bridges of the switch: all hosts are on the first, and those of a split on the second. */
const [MAIN, APART] = ['main', 'apart']

const OWN_PREFIX = `${PREFIX}-${String(process.pid)}-`

let made = 0

const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0

function must(...args: readonly string[]): void {
  run('ip', ...args)
}

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot do ${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/**
 * Why networks of namespaces cannot be made here, or false when they can. They need Linux, root and iproute2.
 */
export function namespacesMissing(): string | false {
  const probe = `${PREFIX}-probe-${String(process.pid)}`
  const isPossible =
    ip('netns', 'add', probe) && ip('-n', probe, 'link', 'add', MAIN, 'type', 'bridge')
  ip('netns', 'del', probe)
  return isPossible ? false : 'network namespaces need Linux, root and iproute2'
}

/** Remove all that this process made and that are still there. */
export function removeNamespaces(): void {
  const place = '/run/netns'
  for (const name of existsSync(place) ? readdirSync(place) : [])
    if (name.startsWith(OWN_PREFIX)) ip('netns', 'del', name)
}

/** A network namespace and its address. */
export interface Host {
  readonly namespace: string
  readonly address: string
  /** Its port of the switch. */
  readonly port: string
}

/** Hosts on one switch, each a network namespace with an address of its own; gone with the test. */
export class HostNetwork {
  readonly hosts: readonly Host[]
  readonly #switch: string

  constructor(t: Pick<TestContext, 'after'>, size: number) {
    made += 1
    const name = `${OWN_PREFIX}${String(made)}`
    this.#switch = `${name}-switch`
    this.hosts = Array.from({ length: size }, (_, at) => ({
      namespace: `${name}-${String(at + 1)}`,
      address: `192.0.2.${String(at + 1)}`,
      port: `port${String(at + 1)}`,
    }))
    t.after(() => {
      for (const namespace of [this.#switch, ...this.hosts.map((host) => host.namespace)])
        ip('netns', 'del', namespace)
    })
    must('netns', 'add', this.#switch)
    for (const bridge of [MAIN, APART]) {
      must('-n', this.#switch, 'link', 'add', bridge, 'type', 'bridge')
      must('-n', this.#switch, 'link', 'set', bridge, 'up')
    }
    for (const host of this.hosts) this.#plugIn(host)
  }

  /**
   * Take some hosts away from the others: what they send one another is lost. With `reset`, the connections between the
   * sides end at once, as when a cable is pulled at the host; without, each side waits for the other.
   */
  split(away: readonly Host[], options: { readonly reset: boolean }): void {
    for (const host of away) this.#move(host, APART)
    if (!options.reset) return
    const rest = this.hosts.filter((host) => !away.includes(host))
    for (const [side, other] of [
      [away, rest],
      [rest, away],
    ] as const) {
      for (const { namespace } of side) {
        for (const { address } of other)
          must('netns', 'exec', namespace, 'ss', '--kill', '--tcp', 'dst', address)
      }
    }
  }

  /** What a host sends leaves it no faster than this, as from behind a narrow line. */
  shapeUplink({ namespace }: Host, megabitsPerSecond: number): void {
    const rate = ['rate', `${String(megabitsPerSecond)}mbit`, 'burst', '128kb', 'latency', '100ms']
    run('tc', '-n', namespace, 'qdisc', 'add', 'dev', DEVICE, 'root', 'tbf', ...rate)
  }

  /** Bytes that left a host so far, with the headers of all layers. */
  sentBytes({ namespace }: Host): number {
    const shown = run('ip', '-n', namespace, '-s', '-j', 'link', 'show', 'dev', DEVICE)
    const [link] = JSON.parse(shown) as [{ stats64: { tx: { bytes: number } } }]
    return link.stats64.tx.bytes
  }

  /** All hosts reach one another again. */
  heal(): void {
    for (const host of this.hosts) this.#move(host, MAIN)
  }

  #move({ port }: Host, bridge: string): void {
    must('-n', this.#switch, 'link', 'set', port, 'master', bridge)
  }

  #plugIn(host: Host): void {
    const { namespace, address, port } = host
    must('netns', 'add', namespace)
    const peer = ['peer', 'name', port, 'netns', this.#switch]
    must('link', 'add', DEVICE, 'netns', namespace, 'type', 'veth', ...peer)
    must('-n', this.#switch, 'link', 'set', port, 'up')
    this.#move(host, MAIN)
    const inside = ['-n', namespace] as const
    must(...inside, 'addr', 'add', `${address}/24`, 'dev', DEVICE)
    must(...inside, 'link', 'set', DEVICE, 'up')
    must(...inside, 'link', 'set', 'lo', 'up')
    must(...inside, 'route', 'add', 'default', 'dev', DEVICE)
  }
}
