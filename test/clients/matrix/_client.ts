import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Coordinate } from './_coordinate.ts'

/**
 * How a client is told of the node. `mirror`: in place of the repository. `fallback`: before it, so that the client goes
 * on to the repository itself for what the node does not give.
 */
export type Form = 'mirror' | 'fallback'
/** How a client reaches the node. */
export type Scheme = 'http' | 'https'

/** The node, as a client's configuration names it. */
export interface NodeAddress {
  readonly form: Form
  /** Base URL of the repository at the node, with a trailing slash. */
  readonly url: string
  /** PEM file that `url` is served with; undefined over plain HTTP. */
  readonly certificate: string | undefined
}

/** What a build wants, and from where. */
export interface BuildPlan {
  readonly wants: readonly Coordinate[]
  /** Port of this machine where the repository itself is served over plain HTTP. */
  readonly originPort: number
  /** Undefined in a build without a node. */
  readonly node: NodeAddress | undefined
}

/** A user's home and a project, for one client. */
export interface Place {
  readonly home: string
  readonly project: string
}

/** A command and its environment. */
export interface Command {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** One of the real clients. */
export interface Client {
  readonly name: string
  /** File that is there when the client is installed. */
  readonly program: string
  /** Command that prints its version, and what in it is the version. */
  readonly version: { readonly command: readonly string[]; readonly pattern: RegExp }
  /** Which forms `jarswarm setup` writes, and for which client of it; the others stand in the project. */
  readonly setup: Partial<Readonly<Record<Form, 'lein' | 'maven' | 'clj' | 'gradle'>>>
  /** Forms that the client has at all. */
  readonly forms: readonly Form[]
  /** Write the project. */
  write(place: Place, plan: BuildPlan): void
  build(place: Place, plan: BuildPlan): Command
  /** Send a file to a repository; undefined when the client cannot. */
  deploy?(place: Place, repository: string): Command
  /** Files that the build brought, by name; those of the client itself are left out. */
  brought(place: Place): ReadonlyMap<string, () => Uint8Array>
  /** Paths in the client's cache that note a failure. */
  remembered(place: Place): readonly string[]
}

/** Compile quickly: builds here are short. */
export const JAVA_FLAGS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto'

/** Make a place in a folder, or find the one that is there. */
export function placeIn(work: string): Place {
  const place = { home: join(work, 'home'), project: join(work, 'project') }
  for (const folder of Object.values(place)) mkdirSync(folder, { recursive: true })
  return place
}

/** Whether a client can be run here. */
export const isInstalled = ({ program }: Client): boolean => existsSync(program)

/** Reader of a file, for {@link Client.brought}. */
export const readerOf =
  (file: string): (() => Uint8Array) =>
  () =>
    readFileSync(file)
