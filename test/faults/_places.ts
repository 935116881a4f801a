import { join } from 'node:path'

/** Where everything lies that a node and a publisher keep. */
export interface Places {
  readonly data: string
  readonly state: string
  readonly tree: string
}

export function placesOn(disk: string): Places {
  return { data: join(disk, 'data'), state: join(disk, 'state'), tree: join(disk, 'tree') }
}
