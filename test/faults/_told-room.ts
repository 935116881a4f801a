import type { BlobStat, BlobStore, BlobWriter, StagedWriter } from '@jarswarm/ports'

type Tell = (kind: 'wanted' | 'settled', sizeBytes: number) => void

/** The same store, which tells what it is asked to find room for, and when that has come to an end. */
export function withRoomTold<Store extends BlobStore>(store: Store, tell: Tell): Store {
  const kept = async <T>(sizeBytes: number, work: () => Promise<T>): Promise<T> => {
    tell('wanted', sizeBytes)
    try {
      return await work()
    } finally {
      tell('settled', sizeBytes)
    }
  }
  const writing = async <Writer extends BlobWriter | StagedWriter>(
    sizeBytes: number,
    open: () => Promise<Writer>,
  ): Promise<Writer> => {
    tell('wanted', sizeBytes)
    let isSettled = false
    const settle = (): void => {
      if (!isSettled) tell('settled', sizeBytes)
      isSettled = true
    }
    try {
      return endingWith(await open(), settle)
    } catch (error) {
      settle()
      throw error
    }
  }
  const told: Pick<BlobStore, 'put' | 'createWriter' | 'createStagedWriter'> = {
    put: (digest, bytes, options) => kept(bytes.length, () => store.put(digest, bytes, options)),
    createWriter: (stat: BlobStat, options) =>
      writing(stat.sizeBytes, () => store.createWriter(stat, options)),
    createStagedWriter: (sizeBytes, options) =>
      writing(sizeBytes, () => store.createStagedWriter(sizeBytes, options)),
  }
  return over(store, told)
}

/** The same writer, with something that is done once it has ended. */
function endingWith<Writer extends BlobWriter | StagedWriter>(
  writer: Writer,
  settle: () => void,
): Writer {
  const commit = async (...args: Parameters<Writer['commit']>): Promise<void> => {
    try {
      await (writer.commit as (...args: unknown[]) => Promise<void>).apply(writer, args)
    } finally {
      settle()
    }
  }
  const abort = async (): Promise<void> => {
    try {
      await writer.abort()
    } finally {
      settle()
    }
  }
  return over(writer, { commit, abort })
}

/** An object with other methods in the place of some. */
function over<T extends object>(target: T, methods: object): T {
  return new Proxy(target, {
    get: (of, name) => {
      if (name in methods) return Reflect.get(methods, name) as unknown
      const member: unknown = Reflect.get(of, name, of)
      return typeof member === 'function' ? (member.bind(of) as unknown) : member
    },
  })
}
