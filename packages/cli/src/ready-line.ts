/** What a long-running command prints with `--json` once it serves. */
export interface ReadyLine {
  readonly ready: true
  /** Base URL of the endpoint, or of the origin for `repo serve`; null for a bootstrap. */
  readonly http: string | null
  /** Base URL of the endpoint over TLS; null when it is off. */
  readonly https: string | null
  /** PEM file of the certificate that is shown there. */
  readonly cert: string | null
  /** Full multiaddrs. */
  readonly listen: readonly string[]
  /** Swarm link that names this node as a peer; null while it follows no repository, or several. */
  readonly link: string | null
}

interface Ready {
  readonly http: string | undefined
  readonly https?: string | undefined
  readonly cert?: string | undefined
  readonly listen: readonly string[]
  readonly link: string | undefined
}

export function readyLine({ http, https, cert, listen, link }: Ready): ReadyLine {
  return {
    ready: true,
    http: http ?? null,
    https: https ?? null,
    cert: cert ?? null,
    listen,
    link: link ?? null,
  }
}

/** Read a line back that another process printed; undefined when it is something else. */
export function parseReadyLine(line: string): ReadyLine | undefined {
  if (!line.startsWith('{"ready":true,')) return undefined
  return JSON.parse(line) as ReadyLine
}
