import type { Client, Form, Scheme } from './_client.ts'
import { FAULTS } from './_faults.ts'
import type { Fault } from './_faults.ts'

/** One build to be watched. */
export interface Cell {
  readonly fault: Fault
  readonly client: Client
  /** `direct`: without a node. */
  readonly via: 'direct' | Form
  readonly scheme: Scheme
  /** What of the build is in the client's cache before. */
  readonly cache: 'empty' | 'warm'
}

/** Name of a cell, as `--only` matches it and as results are kept by. */
export function nameOf({ fault, client, via, scheme, cache }: Cell): string {
  return [fault.id, client.name, via, scheme, cache].join('/')
}

/** Name of the build without a node that a cell is measured against. */
export function besideOf(cell: Cell): string {
  const fault = FAULTS.find(({ id }) => id === cell.fault.directAs) ?? cell.fault
  return nameOf({ ...cell, fault, via: 'direct', scheme: 'http' })
}

/**
 * All cells of a client that tell something. Left out: TLS and full caches where they change nothing (a row says where
 * they do), full caches over TLS, and builds without a node in rows that only harm the node or its peers.
 */
export function cellsOf(client: Client, faults: readonly Fault[] = FAULTS): readonly Cell[] {
  return faults.flatMap((fault) => {
    if (fault.deploys === true && client.deploy === undefined) return []
    const common = { fault, client }
    const empty = { ...common, scheme: 'http', cache: 'empty' } as const
    const forms = fault.deploys === true ? (['mirror'] as const) : client.forms
    const cells: Cell[] = fault.directAs === undefined ? [{ ...empty, via: 'direct' }] : []
    for (const via of forms) {
      cells.push({ ...empty, via })
      if (fault.httpsToo === true) cells.push({ ...empty, via, scheme: 'https' })
    }
    if (fault.warmToo === true) {
      if (fault.directAs === undefined) cells.push({ ...empty, via: 'direct', cache: 'warm' })
      for (const via of forms) cells.push({ ...empty, via, cache: 'warm' })
    }
    return cells
  })
}
