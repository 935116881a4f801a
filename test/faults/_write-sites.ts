import type { Row } from '../_report.ts'
import { kindOf } from './_failing-calls.ts'
import type { DiskCall } from './_failing-calls.ts'
import type { SystemCall } from './_system-calls.ts'

/** Where programs write: purposes of files, by their paths below the directories of `placesOn`. What comes first counts. */
const SITES = {
  'mark of a data directory': /\/data\/jarswarm\.json(?:\.tmp)?$/,
  'process number': /\/data\/pid(?:\.tmp)?$/,
  'database: journal': /\/data\/db\/\d+\.log$/,
  'database: table': /\/data\/db\/\d+\.(?:ldb|sst)$/,
  'database: manifest': /\/data\/db\/(?:MANIFEST-\d+|CURRENT|\d+\.dbtmp)$/,
  'blob in the making': /\/data\/tmp\/\d+$/,
  'name of a blob': /\/data\/blobs\/../,
  'probe of the disk': /\/data\/tmp\/probe-/,
  'trusted state': /\/data\/trust\/./,
  evidence: /\/data\/evidence\/./,
  'joined repositories': /\/data\/joined\.json(?:\.new)?$/,
  'deny list': /\/data\/deny\.json(?:\.new)?$/,
  certificate: /\/data\/https\/cert\.pem/,
  'key of the certificate': /\/data\/https\/key\.pem/,
  'trust store': /\/data\/https\/truststore\.jks/,
  'peer key': /\/data\/peer\/peer\.key/,
  'peers database': /\/data\/peer\/peers\/./,
  'lock of the publisher': /\/state\/lock/,
  'key of the publisher': /\/keys\/[^/]*\.pem$/,
  root: /\/roots\/\d+\.root\.json$/,
  'proposed root': /\/proposal\.json$/,
  'list of a withdrawal': /\/withdrawal-[^/]*\.txt$/,
  'mark of a state directory': /\/jarswarm-publisher$/,
  'state: manifest': /\/state\/.*\/manifest$/,
  'state: history': /\/state\/.*\/(?:history|log\/.*)$/,
  'state: scan record': /\/state\/.*\/record$/,
  'state: retired files': /\/state\/.*\/retired$/,
  'state: the rest': /\/state\/.*\/(?:state\.json|published)$/,
  'state: its name': /\/state\/states(?:\/\d+)?$/,
  'observed database': /\/state\/observed\/seen\/./,
  'observed files': /\/state\/observed\/(?:files|unfinished)(?:\/|$)/,
  'state: unfinished': /\/state\/unfinished(?:\/|$)/,
  'published manifest': /\/\.jarswarm\/manifest$/,
  'published object': /\/\.jarswarm\/objects(?:\/|$)/,
  'published blob': /\/\.jarswarm\/blobs(?:\/|$)/,
  'published pack': /\/\.jarswarm\/packs(?:\/|$)/,
  'published history': /\/\.jarswarm\/log(?:\/|$)/,
  'published: unfinished': /\/\.jarswarm\/\.unfinished(?:\/|$)/,
  release: /\/tree\/[^.].*\.[a-z]+$/,
  'folder of releases': /\/tree(?:\/|$)/,
} as const
export type WriteSite = keyof typeof SITES

/** The purpose of a file; undefined when it is none that a program writes. */
export function siteOf(path: string): WriteSite | undefined {
  const names = Object.keys(SITES) as WriteSite[]
  return names.find((name) => SITES[name].test(path))
}

const FAULTS = ['ENOSPC', 'EIO'] as const
export type DiskFault = (typeof FAULTS)[number]

/** Sites, and the calls by which they are written. */
export type SiteList = Readonly<Partial<Record<WriteSite, readonly DiskCall[]>>>

/** At which sites which faults struck which calls, and how often. */
export class StruckSites {
  readonly #counts = new Map<string, number>()

  /** @param siteOfCall the purpose, where a path does not say it */
  add(
    calls: Iterable<SystemCall>,
    siteOfCall: (call: SystemCall) => WriteSite | undefined = siteOfPaths,
  ): void {
    for (const call of calls) {
      const fault = FAULTS.find((name) => name === call.error)
      const [kind, site] = [kindOf(call), siteOfCall(call)]
      if (fault === undefined || kind === undefined || site === undefined) continue
      const key = keyOf(site, fault, kind)
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    }
  }

  count(site: WriteSite, fault: DiskFault, kind: DiskCall): number {
    return this.#counts.get(keyOf(site, fault, kind)) ?? 0
  }

  /** Which of these were not struck by a fault. */
  missing(fault: DiskFault, sites: SiteList): string[] {
    return Object.entries(sites).flatMap(([site, kinds]) =>
      kinds
        .filter((kind) => this.count(site as WriteSite, fault, kind) === 0)
        .map((kind) => keyOf(site as WriteSite, fault, kind)),
    )
  }

  *rows(): Generator<Row> {
    for (const [key, value] of [...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1))) {
      yield { bench: 'disk', what: key, value, unit: 'calls' }
    }
  }
}

function keyOf(site: WriteSite, fault: DiskFault, kind: DiskCall): string {
  return `${site}: ${fault} in ${kind}`
}

/** A rename is struck where the file was to go. */
function siteOfPaths({ path, to }: SystemCall): WriteSite | undefined {
  return siteOf(to ?? path)
}
