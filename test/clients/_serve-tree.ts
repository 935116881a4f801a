import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'

/** A repository as a plain web server has it. */
export interface ServedTree {
  readonly port: number
  /** Paths that were asked for, from the first on, without leading slash. */
  readonly asked: readonly string[]
  /** Cut off whoever asks, or answer again. */
  setAway(away: boolean): void
  stop(): Promise<void>
}

/** Serve a tree on a free port of the loopback. */
export async function serveTree(tree: string): Promise<ServedTree> {
  const asked: string[] = []
  let isAway = false
  const server = createServer((request, response) => {
    if (isAway) {
      response.destroy()
      return
    }
    const path = normalize(decodeURIComponent(request.url ?? '/'))
    asked.push(path.slice(1))
    const file = join(tree, path)
    const isThere = existsSync(file) && statSync(file).isFile()
    response.writeHead(isThere ? 200 : 404).end(isThere ? readFileSync(file) : '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    setAway: (away) => {
      isAway = away
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
