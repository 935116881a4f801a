import { once } from 'node:events'
import type { ListenOptions, Server } from 'node:net'
import type { Swarm } from '@jarswarm/ports'
import { ListenError, PortInUseError } from './errors.ts'
import { errorCode } from './error-code.ts'

/** A TCP address to listen on; port 0 is any free one. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/**
 * Start to listen, and resolve once connections are taken.
 *
 * @throws {PortInUseError} when another program has the address
 * @throws {ListenError} when the address is not this machine's or not allowed
 */
export async function listen(server: Server, address: ListenOptions): Promise<void> {
  try {
    const listening = once(server, 'listening')
    server.listen(address)
    await listening
  } catch (error) {
    throw toListenError(error, address)
  }
}

/** The sentence for the user about an address that cannot be listened on. */
function toListenError(error: unknown, { host, port, path }: ListenOptions): Error {
  const where = path ?? `${host ?? ''}:${String(port)}`
  if (errorCode(error) === 'EADDRINUSE') {
    return new PortInUseError(
      `Cannot listen on ${where}: another program uses that port; stop it, or choose another port (0 is any free ` +
        `one) with ${path === undefined ? '--http' : '--listen'}`,
      { cause: error },
    )
  }
  const found = error instanceof Error ? error.message : String(error)
  return new ListenError(
    `Cannot listen on ${where}: ${found}, an address of this machine that this user may use is wanted`,
    { cause: error },
  )
}

/**
 * Start a swarm, with the same errors for its addresses as for all others.
 *
 * @throws {PortInUseError | ListenError}
 */
export async function startSwarm(swarm: Swarm, listen: readonly string[]): Promise<void> {
  try {
    await swarm.start()
  } catch (error) {
    // libp2p tells the system's reason for each address in its message only.
    const reason = error instanceof Error ? /\b(E[A-Z]{4,})\b/.exec(error.message)?.[1] : undefined
    if (reason === undefined) throw error
    const cause = Object.assign(new Error(reason, { cause: error }), { code: reason })
    throw toListenError(cause, { path: listen.join(', ') })
  }
}
