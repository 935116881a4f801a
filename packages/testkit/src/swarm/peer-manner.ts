import { SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'

/**
 * How a peer of a test network behaves when it is asked.
 *
 * `silent` never answers, `lying` sends bytes that fail their digest, `truncating` ends early, `slow` answers
 * after a long delay, `unreachable` refuses at once.
 */
export type PeerManner = 'honest' | 'silent' | 'lying' | 'truncating' | 'slow' | 'unreachable'

/** What bends an answer: time, and the signal that ends the wait. */
export interface MannerContext {
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  /** How long a slow peer takes. */
  readonly slowMs: number
  /** When the asking side gives a silent peer up. */
  readonly silenceMs: number
}

/** Let an honest answer pass as the peer's manner has it. */
export async function behave(
  manner: PeerManner,
  answer: () => Promise<Uint8Array>,
  context: MannerContext,
): Promise<Uint8Array> {
  switch (manner) {
    case 'honest':
      return answer()
    case 'slow':
      await pause(context.slowMs, context)
      return answer()
    case 'lying':
      return (await answer()).map((byte) => byte ^ 0xff)
    case 'truncating': {
      const { length } = await answer()
      throw new TruncatedError(
        `Cannot read the answer: found ${String(length >> 1)} bytes, wanted ${String(length)}`,
      )
    }
    case 'unreachable':
      throw new SourceUnavailableError('Cannot reach the peer: connection refused')
    case 'silent':
      await pause(context.silenceMs, context)
      throw new SourceUnavailableError('Cannot read the answer: the peer is silent')
  }
}

/** Wait on the clock; rejects with the signal's reason when that comes first. */
function pause(delayMs: number, { clock, signal }: MannerContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      timer.cancel()
      reject(signal?.reason as Error)
    }
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, delayMs)
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
