export type { Freshness } from './freshness.ts'
export type { RepositoryId } from './repository-id.ts'
