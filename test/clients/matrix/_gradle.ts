import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JAVA_FLAGS, readerOf } from './_client.ts'
import type { Client } from './_client.ts'

/** What Gradle's script of `jarswarm setup` knows the repository by. */
const CLOJARS = 'clojars.org'

export const gradle: Client = {
  name: 'gradle',
  program: '/usr/bin/gradle',
  version: { command: ['gradle', '--version'], pattern: /Gradle (\d\S*)/ },
  setup: { fallback: 'gradle' },
  forms: ['mirror', 'fallback'],
  write({ home, project }, { wants, originPort, node }) {
    const url = node?.form === 'mirror' ? node.url : `http://${CLOJARS}:${String(originPort)}/`
    const dependencies = wants.map(({ group, artifact, version, classifier }) =>
      [group, artifact, version, ...(classifier === undefined ? [] : [classifier])].join(':'),
    )
    writeFileSync(join(home, 'hosts'), `127.0.0.1 ${CLOJARS}\n`)
    writeFileSync(join(project, 'settings.gradle'), "rootProject.name = 't'\n")
    writeFileSync(
      join(project, 'build.gradle'),
      `configurations { wanted }
repositories { maven { url '${url}' } }
dependencies {
${dependencies.map((one) => `  wanted '${one}'`).join('\n')}
}
task fetch { doLast {
  delete 'fetched'
  copy { from configurations.wanted; into 'fetched' }
} }\n`,
    )
  },
  build({ home }) {
    return {
      words: ['gradle', '--no-daemon', '--console', 'plain', 'fetch'],
      env: {
        GRADLE_OPTS: `${JAVA_FLAGS} -Duser.home=${home} -Djdk.net.hosts.file=${join(home, 'hosts')}`,
        GRADLE_USER_HOME: join(home, '.gradle'),
      },
    }
  },
  brought({ project }) {
    const folder = join(project, 'fetched')
    if (!existsSync(folder)) return new Map()
    return new Map(readdirSync(folder).map((name) => [name, readerOf(join(folder, name))]))
  },
  // Gradle keeps what it remembers in binary files; whether that hurts is seen in the next build.
  remembered: () => [],
}
