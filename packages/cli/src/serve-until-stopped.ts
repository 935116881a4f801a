import { once } from 'node:events'
import { saveMemoryAtRest } from './rest.ts'
import type { Terminal } from './terminal.ts'
import { withSmallYoungGeneration } from './young-generation.ts'

/** Something that runs until it is stopped. */
export interface Service {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Start a service, say that it serves, and stop it when the user asks for that.
 *
 * @param announce called once the service has started
 */
export async function serveUntilStopped(
  service: Service,
  terminal: Terminal,
  announce: () => void,
): Promise<void> {
  const { signal } = terminal
  const stopSaving = saveMemoryAtRest()
  try {
    await withSmallYoungGeneration(() => service.start())
    if (signal.aborted) return
    announce()
    // A listener on a signal does not keep the process alive; the service's sockets do.
    await once(signal, 'abort')
  } finally {
    stopSaving()
    await service.stop()
  }
}
