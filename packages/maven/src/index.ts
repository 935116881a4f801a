export type { RepositoryPath } from './repository-path.ts'
