import type { Pom, PomId } from './pom.ts'

/** Gives the POM of some coordinates as it is written; undefined when it cannot be had or read. */
export type PomLoader = (id: PomId) => Promise<Pom | undefined>
