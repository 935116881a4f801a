import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import type { NodeStatus, ProxiedStatus } from './status.ts'

/** Metrics of the proxied repositories, apart from those of what is signed. */
export function addProxiedCounters(registers: Registry[], status: () => NodeStatus): void {
  const counters: readonly (readonly [string, string, (proxied: ProxiedStatus) => number])[] = [
    [
      'jarswarm_proxied_requests_total',
      'Answered requests below a proxied repository',
      ({ served }) => served.requests,
    ],
    [
      'jarswarm_proxied_served_bytes_total',
      'Body bytes of those answers',
      ({ served }) => served.bytes,
    ],
    [
      'jarswarm_proxied_hits_total',
      'Files among them that were held here',
      ({ served }) => served.bySource.store,
    ],
    [
      'jarswarm_proxied_received_bytes_total',
      'Body bytes that the origin of a proxied repository sent',
      ({ receivedBytes }) => receivedBytes,
    ],
    [
      'jarswarm_proxied_lan_bytes_total',
      'Bytes of files that local peers gave instead of the origin',
      ({ fromLanBytes }) => fromLanBytes,
    ],
  ]
  for (const [name, help, read] of counters) {
    new Counter({
      name,
      help,
      labelNames: ['repository'],
      registers,
      collect() {
        this.reset()
        for (const proxied of status().proxied ?? []) {
          this.inc({ repository: proxied.name }, read(proxied))
        }
      },
    })
  }
}
