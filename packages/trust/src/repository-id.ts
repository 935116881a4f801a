import type { Digest } from '@jarswarm/manifest'

/** SHA-256 of the bytes of the first `1.root.json`: names a repository everywhere, for good. */
export type RepositoryId = Digest
