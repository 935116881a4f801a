import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** Between two looks at a node's status. */
const LOOK_MS = 100

/** As a build tool would find it out: nothing comes, the build stops. */
const FETCH_MS = 60_000

/** Of somebody who tries again by hand. */
const PATIENCE_MS = 30_000
const UNAVAILABLE = 424

interface Status {
  readonly repositories: readonly { readonly index: { readonly complete: boolean } }[]
  readonly store: { readonly blobs: number; readonly bytes: number }
  readonly peers: { readonly connected: number }
}

/** What came back for one file. */
export interface FetchedFile {
  readonly url: string
  readonly status: number
  /** `X-Jarswarm-Source`: where the asked node had the bytes from. */
  readonly source: string
  readonly sha256: string
  readonly sizeBytes: number
}

/** A node's public status, `/-/status`. */
export async function readStatus(nodeUrl: string, signal: AbortSignal): Promise<Status> {
  const answer = await fetch(`${nodeUrl}/-/status`, { signal })
  return (await answer.json()) as Status
}

/** Look at a node's status until it is as wanted, or for as long as that may take. */
export async function waitForStatus(
  nodeUrl: string,
  { signal, maxMs }: { readonly signal: AbortSignal; readonly maxMs: number },
  isReached: (status: Status) => boolean,
): Promise<void> {
  const deadlineMs = performance.now() + maxMs
  while (!isReached(await readStatus(nodeUrl, signal))) {
    if (performance.now() > deadlineMs) return
    await delay(LOOK_MS, undefined, { signal })
  }
}

/** Get a file over HTTP, as a build tool does, and hash what came. */
export async function fetchFile(url: string, signal: AbortSignal): Promise<FetchedFile> {
  const answer = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]),
  })
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return {
    url,
    status: answer.status,
    source: answer.headers.get('x-jarswarm-source') ?? '',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
  }
}

/**
 * Get a file, and again while the node says that it cannot have it just now (424), as somebody does who starts the
 * build once more: summaries of who holds what may lag behind a death by seconds.
 */
export async function fetchPatiently(url: string, signal: AbortSignal): Promise<FetchedFile> {
  const deadlineMs = performance.now() + PATIENCE_MS
  for (;;) {
    const file = await fetchFile(url, signal)
    if (file.status !== UNAVAILABLE || performance.now() > deadlineMs) return file
    await delay(LOOK_MS, undefined, { signal })
  }
}

/** Whether anything listens there. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    await fetch(url, { signal })
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TypeError) return false
    throw error
  }
}
