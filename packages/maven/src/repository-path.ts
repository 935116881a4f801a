declare const repositoryPathBrand: unique symbol

/** The path of a file below the root of a Maven repository, in the one form that `parsePath` lets through. */
export type RepositoryPath = string & { readonly [repositoryPathBrand]: true }
