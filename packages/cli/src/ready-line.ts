/** What a long-running command prints with `--json` once it serves. */
export interface ReadyLine {
  readonly ready: true
  /** Base URL of the endpoint, or of the origin for `repo serve`; null for a bootstrap. */
  readonly http: string | null
  readonly https: null
  readonly cert: null
  /** Full multiaddrs. */
  readonly listen: readonly string[]
  /** Swarm link that names this node as a peer; null while it follows no repository, or several. */
  readonly link: string | null
}

interface Ready {
  readonly http: string | undefined
  readonly listen: readonly string[]
  readonly link: string | undefined
}

export function readyLine({ http, listen, link }: Ready): ReadyLine {
  return { ready: true, http: http ?? null, https: null, cert: null, listen, link: link ?? null }
}

/** Read a line back that another process printed; undefined when it is something else. */
export function parseReadyLine(line: string): ReadyLine | undefined {
  if (!line.startsWith('{"ready":true,')) return undefined
  return JSON.parse(line) as ReadyLine
}
