import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JAVA_FLAGS } from './_client.ts'
import type { Client, Place } from './_client.ts'
import { inLocalRepository } from './_local-repository.ts'

const local = ({ home }: Place): string => join(home, 'm2')

export const clj: Client = {
  name: 'tools.deps',
  program: '/usr/share/java/tools.deps.jar',
  version: {
    command: ['dpkg-query', '-W', '-f=${Version}', 'libtools-deps-clojure'],
    pattern: /^(\S+?)(?:-\S+)?$/,
  },
  setup: { mirror: 'clj' },
  forms: ['mirror'],
  write(place, { wants, originPort }) {
    const { project } = place
    // Central is asked first, whatever the order here.
    mkdirSync(join(project, 'empty'), { recursive: true })
    const dependencies = wants.map(({ group, artifact, version, classifier }) => {
      const more = classifier === undefined ? '' : `$${classifier}`
      return `${group}/${artifact}${more} {:mvn/version "${version}"}`
    })
    writeFileSync(
      join(project, 'resolve.clj'),
      `(require '[clojure.tools.deps :as deps])
(try
  (deps/resolve-deps '{:deps {${dependencies.join(' ')}}
                       :mvn/repos {"clojars" {:url "http://127.0.0.1:${String(originPort)}/"}
                                   "central" {:url "file://${project}/empty"}}
                       :mvn/local-repo "${local(place)}"} nil)
  (catch Throwable error
    (println (ex-message error))
    (System/exit 1)))
(shutdown-agents)\n`,
    )
  },
  build({ home }) {
    return {
      words: [
        'java',
        ...JAVA_FLAGS.split(' '),
        `-Duser.home=${home}`,
        '-cp',
        '/usr/share/java/*',
        'clojure.main',
        'resolve.clj',
      ],
      env: { HOME: home },
    }
  },
  ...inLocalRepository(local),
}
