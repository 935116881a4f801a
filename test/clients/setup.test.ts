import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createSilentServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'

/** Scripts that build the repository; they stand beside a checkout, not in it. */
const SCRIPTS = fileURLToPath(new URL('../../../shared/clients/', import.meta.url))
const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const JAR = 'cheshire/cheshire/5.11.0/cheshire-5.11.0.jar'
const PLUGINS = '/usr/share/maven-repo/org/apache/maven/plugins/maven-dependency-plugin'
const JAVA = '-XX:TieredStopAtLevel=1'
const BUILD_TIMEOUT_MS = 120_000

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** A client with a home of its own, whose usual repository is the tree itself. */
interface Bench {
  readonly home: string
  /** Run the client's build. */
  readonly build: (through?: readonly string[]) => Promise<Ended>
  /** Forget what was downloaded. */
  readonly empty: () => void
  /** The jar that the build fetched, or undefined. */
  readonly fetched: () => Buffer | undefined
}

async function run(
  command: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BUILD_TIMEOUT_MS,
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, output }
}

function readIfThere(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined
}

function inLocalRepository(repository: string): Pick<Bench, 'empty' | 'fetched'> {
  return {
    empty: () => {
      rmSync(repository, { recursive: true, force: true })
    },
    fetched: () => readIfThere(join(repository, JAR)),
  }
}

function folders(work: string, name: string): { readonly home: string; readonly project: string } {
  const home = join(work, name, 'home')
  const project = join(work, name, 'project')
  for (const folder of [home, project]) mkdirSync(folder, { recursive: true })
  return { home, project }
}

function leinBench(work: string, tree: string): Bench {
  const { home, project } = folders(work, 'lein')
  writeFileSync(
    join(project, 'project.clj'),
    `(defproject t/t "0.1.0" :dependencies [[cheshire/cheshire "5.11.0"]]
       :repositories ^:replace [["clojars" {:url "file://${tree}"}]]
       :plugin-repositories ^:replace [["clojars" {:url "file://${tree}"}]])`,
  )
  const env = { LEIN_HOME: join(home, '.lein'), LEIN_JVM_OPTS: `-Duser.home=${home} ${JAVA}` }
  return {
    home,
    build: (through = []) =>
      run(
        [...through, 'lein', 'with-profile', '-base,-system,-provided,-dev', 'deps'],
        project,
        env,
      ),
    ...inLocalRepository(join(home, '.m2', 'repository')),
  }
}

function mavenBench(work: string, tree: string): Bench {
  const { home, project } = folders(work, 'maven')
  const plugin = readdirSync(PLUGINS).find((name) => /^[3-9]/.test(name)) ?? ''
  const usual = ['clojars', 'central']
    .map((id) => `<repository><id>${id}</id><url>file://${tree}</url></repository>`)
    .join('')
  writeFileSync(
    join(project, 'pom.xml'),
    `<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
      <repositories>${usual}</repositories>
      <pluginRepositories><pluginRepository><id>plugins</id><url>file:///usr/share/maven-repo</url></pluginRepository></pluginRepositories>
      <dependencies><dependency><groupId>cheshire</groupId><artifactId>cheshire</artifactId><version>5.11.0</version></dependency></dependencies>
    </project>`,
  )
  const goal = `org.apache.maven.plugins:maven-dependency-plugin:${plugin}:resolve`
  return {
    home,
    build: (through = []) =>
      run([...through, 'mvn', '-B', goal], project, { MAVEN_OPTS: `${JAVA} -Duser.home=${home}` }),
    ...inLocalRepository(join(home, '.m2', 'repository')),
  }
}

function cljBench(work: string, tree: string): Bench {
  const { home, project } = folders(work, 'clj')
  const local = join(home, 'm2')
  // tools.deps asks Central first, whatever the order here.
  mkdirSync(join(project, 'empty'))
  writeFileSync(
    join(project, 'resolve.clj'),
    `(require '[clojure.tools.deps :as deps])
     (deps/resolve-deps '{:deps {cheshire/cheshire {:mvn/version "5.11.0"}}
                          :mvn/repos {"clojars" {:url "file://${tree}"} "central" {:url "file://${project}/empty"}}
                          :mvn/local-repo "${local}"} nil)
     (shutdown-agents)`,
  )
  const java = ['java', JAVA, `-Duser.home=${home}`, '-cp', '/usr/share/java/*', 'clojure.main']
  return {
    home,
    build: (through = []) => run([...through, ...java, 'resolve.clj'], project, { HOME: home }),
    ...inLocalRepository(local),
  }
}

function gradleBench(work: string, origin: number): Bench {
  const { home, project } = folders(work, 'gradle')
  const hosts = join(work, 'gradle', 'hosts')
  writeFileSync(hosts, '127.0.0.1 clojars.org\n')
  writeFileSync(join(project, 'settings.gradle'), "rootProject.name = 't'")
  writeFileSync(
    join(project, 'build.gradle'),
    `configurations { wanted }
     repositories { maven { url 'http://clojars.org:${origin}/' } }
     dependencies { wanted 'cheshire:cheshire:5.11.0' }
     task fetch { doLast { copy { from configurations.wanted; into 'fetched' } } }`,
  )
  const options = `${JAVA} -Duser.home=${home} -Djdk.net.hosts.file=${hosts}`
  const caches = join(home, '.gradle', 'caches')
  return {
    home,
    build: (through = []) =>
      run([...through, 'gradle', '--no-daemon', '--console', 'plain', 'fetch'], project, {
        GRADLE_OPTS: options,
        GRADLE_USER_HOME: join(home, '.gradle'),
      }),
    empty: () => {
      for (const folder of [caches, join(project, 'fetched'), join(project, '.gradle')])
        rmSync(folder, { recursive: true, force: true })
    },
    fetched: () => readIfThere(join(project, 'fetched', 'cheshire-5.11.0.jar')),
  }
}

/** The repository as a plain web server has it. */
async function serveTree(tree: string): Promise<Server> {
  const server = createServer((request, response) => {
    const bytes = readIfThere(join(tree, normalize(decodeURIComponent(request.url ?? '/'))))
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** Do something while a process listens on a port that takes connections and says nothing. */
async function beside(port: number, task: () => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>()
  const silent = createSilentServer((socket) => sockets.add(socket))
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve))
  await task()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => silent.close(resolve))
}

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

const missing = existsSync(SCRIPTS) ? false : `needs the client scripts in ${SCRIPTS}`

describe('jarswarm setup with real clients', { skip: missing }, () => {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-setup-'))
  const tree = join(work, 'tree')
  const data = join(work, 'data')
  let absent: string | undefined
  let link = ''
  let primary: Running | undefined
  let origin: Server | undefined
  let port = 0

  const startNode = (): Promise<Running> => {
    const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--https', '127.0.0.1:0']
    const follow = ['--data', data, '--join', link, '--http', `127.0.0.1:${port}`]
    return startJarswarm(['start', ...follow, ...listen])
  }
  const served = async (node: Running): Promise<number> => {
    const status = (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as {
      served: { bySource: Readonly<Record<string, number>> }
    }
    return Object.values(status.served.bySource).reduce((sum, count) => sum + count, 0)
  }

  before(async () => {
    const made = await run(['bash', join(SCRIPTS, 'make-real-repo.sh'), tree], work, {})
    if (made.code !== 0) {
      assert.notEqual(process.env['CI'], 'true', `cannot build the repository: ${made.output}`)
      absent = 'the Debian packages that the repository is made of are not here'
      return
    }
    const state = join(work, 'state')
    await runJson(['repo', 'init', '--state', state, '--name', 'clojars'])
    await runJson(['repo', 'publish', '--state', state, '--tree', tree])
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--http', '127.0.0.1:0']
    primary = await startJarswarm([...serve, '--listen', '/ip4/127.0.0.1/tcp/0'])
    link = String(primary.ready.link)
    origin = await serveTree(tree)
    // A port that is free now, and that the node takes and leaves in turn.
    const probe = await serveTree(tree)
    port = portOf(probe)
    await new Promise((resolve) => probe.close(resolve))
  })

  after(async () => {
    await primary?.stop('SIGKILL')
    origin?.close()
    rmSync(work, { recursive: true, force: true })
  })

  const skips = (t: TestContext, program: string): boolean => {
    const reason = absent ?? (existsSync(program) ? undefined : `${program} is not installed`)
    if (reason === undefined) return false
    assert.notEqual(process.env['CI'], 'true', reason)
    t.skip(reason)
    return true
  }

  /** Node on, off with what it left, off with nothing, silent process on its port, and back as it was. */
  const prove = async (t: TestContext, client: string, bench: Bench): Promise<void> => {
    const through =
      client === 'clj'
        ? [
            process.execPath,
            '--conditions=source',
            MAIN,
            'run',
            '--data',
            data,
            '--node',
            `127.0.0.1:${port}`,
            '--',
          ]
        : []
    const setup = (...flags: string[]) =>
      runJarswarm(['setup', client, '--data', data, '--node', `127.0.0.1:${port}`, ...flags], {
        env: { HOME: bench.home },
      })
    const build = async (state: string, ways: readonly string[] = through): Promise<void> => {
      const { code, output } = await bench.build(ways)
      assert.equal(code, 0, `${state}: ${output}`)
      assert.deepEqual(bench.fetched(), readFileSync(join(tree, JAR)), state)
    }
    const done = await setup()
    assert.equal(done.code, 0, done.stderr)
    const node = await startNode()
    t.after(() => node.stop())
    await build('node on')
    const count = await served(node)
    assert.ok(count > 4, `the build did not use the node: ${count} artifacts`)
    await node.stop()
    await build('node off, warm cache')
    bench.empty()
    await build('node off, empty cache')
    bench.empty()
    await beside(port, async () => {
      // Maven waits for a silent repository as long as its own time-out says, which is half an hour.
      if (client !== 'maven') await build('silent process on the port')
    })
    const undone = await setup('--undo')
    assert.equal(undone.code, 0, undone.stderr)
    bench.empty()
    await build('after --undo', [])
  }

  it('points lein at the node and back', async (t) => {
    if (skips(t, '/usr/bin/lein')) return
    await prove(t, 'lein', leinBench(work, tree))
  })

  it('points Maven at the node and back', async (t) => {
    if (skips(t, '/usr/bin/mvn')) return
    await prove(t, 'maven', mavenBench(work, tree))
  })

  it('points tools.deps at the node and back', async (t) => {
    if (skips(t, '/usr/share/java/tools.deps.jar')) return
    await prove(t, 'clj', cljBench(work, tree))
  })

  it('points Gradle at the node and back', async (t) => {
    if (skips(t, '/usr/bin/gradle')) return
    assert.ok(origin !== undefined)
    await prove(t, 'gradle', gradleBench(work, portOf(origin)))
  })
})
