/** Why a node that is killed again and again, as all it asks are, did not serve a release. */
export type KillRefusal =
  | 'killed meanwhile'
  | 'not in the head in use'
  | 'no head yet'
  | 'no whole index yet'
  | 'index not to be had'
  | 'newest index not to be had'
  | 'file not to be had'

/** What has to be so when a node refuses with 424. */
interface Cause {
  readonly refusal: KillRefusal
  /** What it says, without the end of the line. */
  readonly text: RegExp
  readonly needs: 'first sync' | 'server away'
}

/** In this order. */
const CAUSES: readonly Cause[] = [
  {
    refusal: 'no head yet',
    text: /^the repository has not been verified yet$/,
    needs: 'first sync',
  },
  {
    refusal: 'no whole index yet',
    text: /^the index is not complete here yet$/,
    needs: 'first sync',
  },
  { refusal: 'index not to be had', text: /^the index cannot be read: /, needs: 'server away' },
  {
    refusal: 'newest index not to be had',
    text: /^(?:the newest index cannot be had now|head \d+ is newer, and its history cannot be checked now)$/,
    needs: 'server away',
  },
  {
    refusal: 'file not to be had',
    text: /^(?:\S+ waits for its pom, without which it is no use: )?Cannot get /,
    needs: 'server away',
  },
]

/** How the node and the server were when it was asked and when it had answered. */
export interface RefusalScene {
  /** The node never had a whole index. */
  readonly isInFirstSync: boolean
  /** The server has served all along, and long before, and the machine is not too busy to be judged by time. */
  readonly hasServer: boolean
}

/** @returns why a node answered 424, or undefined when it had no reason to */
export function refusalOf(text: string, scene: RefusalScene): KillRefusal | undefined {
  const cause = CAUSES.find((each) => each.text.test(text.trimEnd()))
  if (cause === undefined) return undefined
  const holds = cause.needs === 'first sync' ? scene.isInFirstSync : !scene.hasServer
  return holds ? cause.refusal : undefined
}
