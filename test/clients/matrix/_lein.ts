import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JAVA_FLAGS } from './_client.ts'
import type { BuildPlan, Client } from './_client.ts'
import { inLocalRepository } from './_local-repository.ts'

/** Leiningen refuses plain HTTP, that of this machine included; these lines lift it for the origin of the test. */
const PLAIN_HTTP = `(require 'cemerick.pomegranate.aether)
(cemerick.pomegranate.aether/register-wagon-factory!
  "http" #(clojure.lang.Reflector/invokeConstructor
           (Class/forName "org.apache.maven.wagon.providers.http.HttpWagon") (object-array 0)))`

export const lein: Client = {
  name: 'lein',
  program: '/usr/bin/lein',
  version: { command: ['lein', 'version'], pattern: /Leiningen (\S+)/ },
  setup: { mirror: 'lein' },
  forms: ['mirror', 'fallback'],
  write({ project }, plan) {
    const wants = plan.wants.map(({ group, artifact, version, classifier }) => {
      const more = classifier === undefined ? '' : ` :classifier "${classifier}"`
      return `[${group}/${artifact} "${version}"${more}]`
    })
    writeFileSync(
      join(project, 'project.clj'),
      `${PLAIN_HTTP}
(defproject t/t "0.1.0" :dependencies [${wants.join(' ')}]
  ${certificates(plan)}
  :repositories ^:replace [${repositories(plan)}]
  :plugin-repositories ^:replace [])\n`,
    )
  },
  build({ home }) {
    return {
      words: ['lein', 'with-profile', '-base,-system,-provided,-dev', 'deps'],
      env: environment(home),
    }
  },
  deploy({ home, project }, repository) {
    const pom = join(project, 'pom.xml')
    writeFileSync(
      join(project, 'project.clj'),
      `${PLAIN_HTTP}\n(defproject org.example/mine "1.0"
  :deploy-repositories [["target" {:url "${repository}" :sign-releases false :username "u" :password "p"}]])\n`,
    )
    writeFileSync(join(project, 'mine.jar'), 'no jar, but nobody looks')
    writeFileSync(
      pom,
      '<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>mine</artifactId><version>1.0</version></project>',
    )
    const profiles = ['with-profile', '-base,-system,-provided,-dev']
    return {
      words: ['lein', ...profiles, 'deploy', 'target', 'org.example/mine', '1.0', 'mine.jar', pom],
      env: environment(home),
    }
  },
  ...inLocalRepository(({ home }) => join(home, '.m2', 'repository')),
}

function environment(home: string): Readonly<Record<string, string>> {
  return { LEIN_HOME: join(home, '.lein'), LEIN_JVM_OPTS: `-Duser.home=${home} ${JAVA_FLAGS}` }
}

function repositories({ originPort, node }: BuildPlan): string {
  const origin = `["clojars" {:url "http://127.0.0.1:${String(originPort)}/"}]`
  return node?.form === 'fallback' ? `["jarswarm" {:url "${node.url}"}] ${origin}` : origin
}

function certificates({ node }: BuildPlan): string {
  return node?.form === 'fallback' && node.certificate !== undefined
    ? `:certificates ["${node.certificate}"]`
    : ''
}
