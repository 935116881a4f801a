/** What a task leads to. */
export interface TaskResult<Task, Value> {
  readonly value: Value | undefined
  /** Tasks to do after it, the first one first. */
  readonly next: readonly Task[]
}

export interface ParallelOptions {
  readonly signal: AbortSignal
  /** Most tasks that run, or have run and whose value was not taken yet. */
  readonly parallel: number
}

type Settled<Task, Value> =
  | { readonly ok: true; readonly result: TaskResult<Task, Value> }
  | { readonly ok: false; readonly error: unknown }

/**
 * Run tasks that lead to further tasks, several at a time, the newest first so that few wait.
 *
 * When the iteration ends early, by whatever cause, the signal of the tasks that run aborts, and they are awaited.
 *
 * @returns the values as tasks end
 */
export async function* inParallel<Task, Value>(
  first: readonly Task[],
  run: (task: Task, signal: AbortSignal) => Promise<TaskResult<Task, Value>>,
  { signal, parallel }: ParallelOptions,
): AsyncGenerator<Value> {
  const stop = new AbortController()
  const abort = (): void => {
    stop.abort(signal.reason)
  }
  const waiting = first.toReversed()
  const settled: Settled<Task, Value>[] = []
  const running = new Set<Promise<void>>()
  let wake = Promise.withResolvers<undefined>()
  const start = (task: Task): void => {
    const done = run(task, stop.signal)
      .then(
        (result) => settled.push({ ok: true, result }),
        (error: unknown) => settled.push({ ok: false, error }),
      )
      .then(() => {
        running.delete(done)
        wake.resolve(undefined)
      })
    running.add(done)
  }
  signal.addEventListener('abort', abort)
  try {
    while (waiting.length + running.size + settled.length > 0) {
      signal.throwIfAborted()
      while (waiting.length > 0 && running.size + settled.length < parallel) {
        const task = waiting.pop()
        if (task !== undefined) start(task)
      }
      const next = settled.shift()
      if (next === undefined) {
        await wake.promise
        wake = Promise.withResolvers<undefined>()
        continue
      }
      if (!next.ok) throw next.error
      waiting.push(...next.result.next.toReversed())
      if (next.result.value !== undefined) yield next.result.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    stop.abort()
    await Promise.all(running)
  }
}
