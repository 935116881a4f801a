import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDataDirectory } from '../../packages/store/src/index.ts'
import type { DataDirectory } from '../../packages/store/src/index.ts'
import { MemoryBlobStore } from '@jarswarm/testkit'
import type { Rig, Stores } from '../../packages/mirror/test/_rig.ts'
import { MortalDisk } from './_mortal-disk.ts'
import type { UnderWay } from './_under-way.ts'
import { ViolationError } from './_violation-error.ts'

/** Where a node keeps what it has, from one of its lives to the next. */
export interface OperationStores {
  /** Whether it can end without being closed. */
  readonly mortal: boolean
  open(): Promise<Stores>
  close(): Promise<void>
  /** End it as a process that is killed. */
  die(): Promise<void>
}

export interface OperationStoresInit {
  /** Room for blobs; without it nothing is ever evicted. */
  readonly quotaBytes: number | undefined
  /** A directory of its own; undefined: in memory. */
  readonly directory: string | undefined
}

export function operationStores(
  { rig, underWay }: { readonly rig: Rig; readonly underWay: UnderWay },
  { quotaBytes, directory }: OperationStoresInit,
): OperationStores {
  if (directory !== undefined) return diskStores({ rig, underWay }, { quotaBytes, directory })
  const blobs = new MemoryBlobStore(quotaBytes === undefined ? {} : { quotaBytes })
  const stores = { ...rig.stores(), blobs }
  const done = (): Promise<void> => Promise.resolve()
  return { mortal: false, open: () => Promise.resolve(stores), close: done, die: done }
}

/** The real thing. */
function diskStores(
  { rig, underWay }: { readonly rig: Rig; readonly underWay: UnderWay },
  init: { readonly quotaBytes: number | undefined; readonly directory: string },
): OperationStores {
  let disk = new MortalDisk()
  let data: DataDirectory | undefined
  const quotaBytes = init.quotaBytes ?? Number.MAX_SAFE_INTEGER
  const open = async (): Promise<Stores> => {
    disk = new MortalDisk()
    const { files, openLevel } = disk
    const components = { files, openLevel, clock: rig.clock }
    data = await openDataDirectory(init.directory, { quotaBytes, freeFloorBytes: 0 }, components)
    // Index and records can be had again, but nobody damaged them.
    if (existsSync(join(init.directory, 'db.damaged')))
      throw new ViolationError('lost', `the database in ${init.directory} was given up`)
    return storesOf(data, rig, underWay)
  }
  return {
    mortal: true,
    open,
    close: async () => {
      await data?.close()
    },
    die: () => disk.die(),
  }
}

/** The rig knows the stores in memory by their classes, and uses what all stores have. */
function storesOf(data: DataDirectory, { builder }: Rig, underWay: UnderWay): Stores {
  const { id } = builder
  const stores = {
    blobs: data.blobs,
    index: data.index(id),
    trust: data.trust,
    history: data.history(id),
    evidence: data.evidence(id),
    records: data.records,
    served: data.served(id),
  }
  const counted = Object.entries(stores).map(([name, store]) => [name, underWay.counted(store)])
  return Object.fromEntries(counted) as Stores
}
