/** A small build of each real client, with a home and a cache of its own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { run } from './_run.ts'
import type { Ended } from './_run.ts'

const PLUGINS = '/usr/share/maven-repo/org/apache/maven/plugins/maven-dependency-plugin'
const JAVA = '-XX:TieredStopAtLevel=1'

/** What a build is to do. */
export interface BuildInit {
  /** Where its home, cache and project go. */
  readonly folder: string
  /** In the order in which it asks them; tools.deps always asks `central` first. */
  readonly repositories: readonly { readonly id: string; readonly url: string }[]
  /** `group:artifact:version`; the version may be a range. */
  readonly dependencies: readonly string[]
  /** Look for newer snapshots and versions in each run, whatever the cache says. */
  readonly update?: boolean
  /** Address that host names of the project's repositories mean, for clients that know repositories by their host. */
  readonly hosts?: Readonly<Record<string, string>>
}

/** A build that can be run again and again. */
export interface Build {
  readonly home: string
  /**
   * Download the dependencies.
   *
   * @param through words that go before the command, as of `jarswarm run`
   */
  readonly run: (through?: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Ended>
  /** Forget what was downloaded. */
  readonly empty: () => void
  /** The file of a repository path that the build fetched, or undefined. */
  readonly fetched: (path: string) => Buffer | undefined
}

/** A client that can be at hand or not. */
export interface Client {
  /** As `jarswarm setup` calls it. */
  readonly name: 'lein' | 'maven' | 'clj' | 'gradle'
  /** What says that it is installed, and the Debian package it comes in. */
  readonly program: string
  readonly debian: string
  readonly build: (init: BuildInit) => Build
}

export const CLIENTS: readonly Client[] = [
  { name: 'lein', program: '/usr/bin/lein', debian: 'leiningen', build: leinBuild },
  {
    name: 'maven',
    program: PLUGINS,
    debian: 'maven libmaven-dependency-plugin-java',
    build: mavenBuild,
  },
  {
    name: 'clj',
    program: '/usr/share/java/tools.deps.jar',
    debian: 'libtools-deps-clojure',
    build: cljBuild,
  },
  { name: 'gradle', program: '/usr/bin/gradle', debian: 'gradle', build: gradleBuild },
]

/** @returns undefined when it is installed, else what to install */
export function missingClient({ name, program, debian }: Client): string | undefined {
  return existsSync(program) ? undefined : `${name} is not installed (apt-get install ${debian})`
}

function readIfThere(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined
}

function inLocalRepository(repository: string): Pick<Build, 'empty' | 'fetched'> {
  return {
    empty: () => {
      rmSync(repository, { recursive: true, force: true })
    },
    fetched: (path) => readIfThere(join(repository, path)),
  }
}

function makeFolders(folder: string): { readonly home: string; readonly project: string } {
  const home = join(folder, 'home')
  const project = join(folder, 'project')
  for (const one of [home, project]) mkdirSync(one, { recursive: true })
  return { home, project }
}

function coordinatesOf(dependency: string): readonly [string, string, string] {
  const [group = '', artifact = '', version = ''] = dependency.split(':')
  return [group, artifact, version]
}

/** What makes a JVM start fast, and tells it its home, since it does not look at HOME, and hosts. */
function javaFlags(home: string, hosts: BuildInit['hosts']): string {
  if (hosts === undefined) return `${JAVA} -Duser.home=${home}`
  const file = join(home, 'hosts')
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`)
  writeFileSync(file, lines.join(''))
  return `${JAVA} -Duser.home=${home} -Djdk.net.hosts.file=${file}`
}

/** Leiningen refuses plain HTTP until somebody lets it. */
const PLAIN_HTTP = `(require 'cemerick.pomegranate.aether)
     (cemerick.pomegranate.aether/register-wagon-factory! "http"
       #(clojure.lang.Reflector/invokeConstructor
         (Class/forName "org.apache.maven.wagon.providers.http.HttpWagon") (object-array 0)))`

function leinBuild({ folder, repositories, dependencies, update, hosts }: BuildInit): Build {
  const { home, project } = makeFolders(folder)
  const wanted = dependencies.map((dependency) => {
    const [group, artifact, version] = coordinatesOf(dependency)
    return `[${group}/${artifact} "${version}"]`
  })
  const always = update === true ? ':update :always' : ''
  const list = repositories.map(({ id, url }) => `["${id}" {:url "${url}" ${always}}]`).join(' ')
  const isPlain = repositories.some(({ url }) => url.startsWith('http:'))
  writeFileSync(
    join(project, 'project.clj'),
    `${isPlain ? PLAIN_HTTP : ''}
     (defproject t/t "0.1.0" :dependencies [${wanted.join(' ')}]
       :repositories ^:replace [${list}] :plugin-repositories ^:replace [${list}])`,
  )
  const own = {
    LEIN_HOME: join(home, '.lein'),
    LEIN_JVM_OPTS: javaFlags(home, hosts),
  }
  return {
    home,
    run: (through = [], env = {}) =>
      run([...through, 'lein', 'with-profile', '-base,-system,-provided,-dev', 'deps'], project, {
        ...own,
        ...env,
      }),
    ...inLocalRepository(join(home, '.m2', 'repository')),
  }
}

function mavenBuild({ folder, repositories, dependencies, update, hosts }: BuildInit): Build {
  const { home, project } = makeFolders(folder)
  const plugin = readdirSync(PLUGINS).find((name) => /^[3-9]/.test(name)) ?? ''
  const list = repositories.map(
    ({ id, url }) => `<repository><id>${id}</id><url>${url}</url></repository>`,
  )
  const wanted = dependencies.map((dependency) => {
    const [group, artifact, version] = coordinatesOf(dependency)
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  writeFileSync(
    join(project, 'pom.xml'),
    `<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
      <repositories>${list.join('')}</repositories>
      <pluginRepositories><pluginRepository><id>plugins</id><url>file:///usr/share/maven-repo</url></pluginRepository></pluginRepositories>
      <dependencies>${wanted.join('')}</dependencies>
    </project>`,
  )
  const goal = `org.apache.maven.plugins:maven-dependency-plugin:${plugin}:resolve`
  const flags = ['-B', ...(update === true ? ['-U'] : [])]
  const own = { MAVEN_OPTS: javaFlags(home, hosts) }
  return {
    home,
    run: (through = [], env = {}) =>
      run([...through, 'mvn', ...flags, goal], project, { ...own, ...env }),
    ...inLocalRepository(join(home, '.m2', 'repository')),
  }
}

/**
 * What tools.deps ends with when two of its threads download the same parent at once, and one finds that the other has moved the
 * part away: a race of its own, with any repository. A user runs it again.
 */
const LOST_PART = /\.part \(No such file or directory\)/

function cljBuild({ folder, repositories, dependencies, update, hosts }: BuildInit): Build {
  const { home, project } = makeFolders(folder)
  const local = join(home, 'm2')
  const wanted = dependencies.map((dependency) => {
    const [group, artifact, version] = coordinatesOf(dependency)
    return `${group}/${artifact} {:mvn/version "${version}"}`
  })
  const always = update === true ? ':releases {:update :always} :snapshots {:update :always}' : ''
  const list = repositories.map(({ id, url }) => `"${id}" {:url "${url}" ${always}}`)
  writeFileSync(
    join(project, 'resolve.clj'),
    `(require '[clojure.tools.deps :as deps])
     (deps/resolve-deps '{:deps {${wanted.join(' ')}} :mvn/repos {${list.join(' ')}}
                          :mvn/local-repo "${local}"} nil)
     (shutdown-agents)`,
  )
  const java = ['java', ...javaFlags(home, hosts).split(' '), '-cp', '/usr/share/java/*']
  return {
    home,
    run: async (through = [], env = {}) => {
      const command = [...through, ...java, 'clojure.main', 'resolve.clj']
      const resolve = (): Promise<Ended> => run(command, project, { HOME: home, ...env })
      const ended = await resolve()
      return ended.code !== 0 && LOST_PART.test(ended.output) ? await resolve() : ended
    },
    ...inLocalRepository(local),
  }
}

function gradleBuild({ folder, repositories, dependencies, update, hosts }: BuildInit): Build {
  const { home, project } = makeFolders(folder)
  const list = repositories.map(({ id, url }) => `maven { name '${id}'; url '${url}' }`)
  const wanted = dependencies.map((dependency) => `wanted '${dependency}'`)
  writeFileSync(join(project, 'settings.gradle'), "rootProject.name = 't'")
  writeFileSync(
    join(project, 'build.gradle'),
    `configurations { wanted }
     repositories { ${list.join('; ')} }
     dependencies { ${wanted.join('; ')} }
     task fetch { doLast { copy { from configurations.wanted; into 'fetched' } } }`,
  )
  const flags = update === true ? ['--refresh-dependencies'] : []
  const own = {
    GRADLE_OPTS: javaFlags(home, hosts),
    GRADLE_USER_HOME: join(home, '.gradle'),
  }
  return {
    home,
    run: (through = [], env = {}) =>
      run([...through, 'gradle', '--no-daemon', '--console', 'plain', ...flags, 'fetch'], project, {
        ...own,
        ...env,
      }),
    empty: () => {
      for (const one of [
        join(home, '.gradle', 'caches'),
        join(project, 'fetched'),
        join(project, '.gradle'),
      ])
        rmSync(one, { recursive: true, force: true })
    },
    fetched: (path) => readIfThere(join(project, 'fetched', basename(path))),
  }
}
