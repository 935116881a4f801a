import type { RepositoryPath } from '@jarswarm/maven'
import { projectOf } from '@jarswarm/maven'
import { providerKey } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Database, TableChange } from './database.ts'
import { bytesTable, textTable } from './table.ts'
import type { Table } from './table.ts'

/** Where the index of one repository stands; `docs/design.md`, section "On disk", has the keys. */
export class IndexTables {
  readonly repository: RepositoryId
  readonly objects: Table<Uint8Array>
  readonly paths: Table<string>
  /** How many paths each project directory has. */
  readonly projects: Table<string>
  readonly projectKeys: Table<string>
  readonly state: Table<string>

  constructor(repository: RepositoryId) {
    this.repository = repository
    this.objects = bytesTable('index', repository, 'object')
    this.paths = textTable('index', repository, 'path')
    this.projects = textTable('index', repository, 'project')
    this.projectKeys = textTable('index', repository, 'key')
    this.state = textTable('index', repository, 'state')
  }

  /** Writes by which projects have so many paths more than is stored, or fewer. */
  async countProjects(
    database: Database,
    grown: ReadonlyMap<string, number>,
  ): Promise<TableChange[]> {
    const counts = await database.getMany(this.projects, [...grown.keys()])
    return [...grown].flatMap(([project, growth], at) =>
      this.#projectChange(project, {
        before: Number(counts[at] ?? 0),
        after: Number(counts[at] ?? 0) + growth,
      }),
    )
  }

  #projectChange(
    project: string,
    count: { readonly before: number; readonly after: number },
  ): TableChange[] {
    const isThere = count.after > 0
    const changed: TableChange[] = [
      { table: this.projects, key: project, value: isThere ? String(count.after) : undefined },
    ]
    if (count.before > 0 !== isThere) {
      const key = providerKey({ repository: this.repository, project })
      changed.push({ table: this.projectKeys, key, value: isThere ? project : undefined })
    }
    return changed
  }
}

/** Note in `grown` that the project of a path has so many paths more. */
export function growProject(grown: Map<string, number>, path: string, growth: number): void {
  // Each path here was a `RepositoryPath` when its entry was made.
  const project = projectOf(path as RepositoryPath)
  grown.set(project, (grown.get(project) ?? 0) + growth)
}
