import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EMPTY_ZIP } from '../clients/_deploy.ts'
import { seededBytes } from './_tree.ts'

/** Makes a repository of real artifacts; stands beside a checkout, not in it. */
const MAKE_REAL = fileURLToPath(
  new URL('../../../shared/clients/make-real-repo.sh', import.meta.url),
)
const GENERATED_JARS = 83
const GENERATED_JAR_BYTES = 250_000
/** How many artifacts each one depends on: a graph some six poms deep. */
const FAN_OUT = 2

/** A repository, and the one dependency of a project that wants much of it. */
export interface ProjectTree {
  readonly what: string
  /** `group:artifact:version` */
  readonly dependency: string
}

/** Write a repository with a project of 83 jars: a real one where that can be made, else one of its shape. */
export function makeProjectTree(tree: string): ProjectTree {
  if (existsSync(MAKE_REAL) && spawnSync('bash', [MAKE_REAL, tree]).status === 0) {
    return {
      what: 'trapperkeeper-webserver-jetty9, 83 jars',
      dependency: 'puppetlabs:trapperkeeper-webserver-jetty9:4.4.1',
    }
  }
  rmSync(tree, { recursive: true, force: true })
  for (let n = 0; n < GENERATED_JARS; n += 1) writeArtifact(tree, n)
  return { what: 'a generated project, 83 jars', dependency: 'bench:p0:1.0' }
}

function writeArtifact(tree: string, n: number): void {
  const base = join(tree, `bench/p${String(n)}/1.0/p${String(n)}-1.0`)
  mkdirSync(dirname(base), { recursive: true })
  const next = Array.from({ length: FAN_OUT }, (_, k) => n * FAN_OUT + k + 1)
    .filter((m) => m < GENERATED_JARS)
    .map(
      (m) =>
        `<dependency><groupId>bench</groupId><artifactId>p${String(m)}</artifactId><version>1.0</version></dependency>`,
    )
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>p${String(n)}</artifactId><version>1.0</version><dependencies>${next.join('')}</dependencies></project>\n`
  writeWithSum(`${base}.pom`, Buffer.from(pom))
  // Leiningen opens every jar.
  writeWithSum(`${base}.jar`, Buffer.concat([seededBytes(base, GENERATED_JAR_BYTES), EMPTY_ZIP]))
}

function writeWithSum(file: string, bytes: Uint8Array): void {
  writeFileSync(file, bytes)
  writeFileSync(`${file}.sha1`, createHash('sha1').update(bytes).digest('hex'))
}
