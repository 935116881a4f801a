import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JAVA_FLAGS } from './_client.ts'
import type { Client, Place } from './_client.ts'
import { inLocalRepository } from './_local-repository.ts'

/** Debian's own repository, for Maven's plugins. */
const DEBIAN = '/usr/share/maven-repo'
const PLUGINS = 'org.apache.maven.plugins'

export const maven: Client = {
  name: 'mvn',
  program: '/usr/bin/mvn',
  version: { command: ['mvn', '--version'], pattern: /Apache Maven (\S+)/ },
  setup: { mirror: 'clj', fallback: 'maven' },
  forms: ['mirror', 'fallback'],
  write(place, { wants, originPort }) {
    const dependencies = wants.map(({ group, artifact, version, classifier }) => {
      const more = classifier === undefined ? '' : `<classifier>${classifier}</classifier>`
      return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</dependency>`
    })
    writePom(place, {
      body: `<dependencies>${dependencies.join('')}</dependencies>`,
      clojars: `http://127.0.0.1:${String(originPort)}/`,
    })
  },
  build({ home }) {
    return goal(
      home,
      `${PLUGINS}:maven-dependency-plugin:${versionOf('maven-dependency-plugin')}:resolve`,
    )
  },
  deploy(place, repository) {
    const { home, project } = place
    const jar = join(project, 'mine.jar')
    writeFileSync(jar, 'no jar, but nobody looks')
    writePom(place, { body: '', clojars: repository })
    return goal(
      home,
      `${PLUGINS}:maven-deploy-plugin:${versionOf('maven-deploy-plugin')}:deploy-file`,
      `-Dfile=${jar}`,
      `-Durl=${repository}`,
      '-DrepositoryId=target',
      '-DgroupId=org.example',
      '-DartifactId=mine',
      '-Dversion=1.0',
      '-Dpackaging=jar',
    )
  },
  ...inLocalRepository(({ home }) => join(home, '.m2', 'repository')),
}

/** The super POM names Central, which must not be asked: here it is an empty folder. */
function writePom(
  { project }: Place,
  { body, clojars }: { readonly body: string; readonly clojars: string },
): void {
  const empty = join(project, 'empty')
  mkdirSync(empty, { recursive: true })
  const central = `<id>central</id><url>file://${empty}</url>`
  writeFileSync(
    join(project, 'pom.xml'),
    `<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
  <repositories>
    <repository><id>clojars</id><url>${clojars}</url></repository>
    <repository>${central}</repository>
  </repositories>
  <pluginRepositories>
    <pluginRepository><id>plugins</id><url>file://${DEBIAN}</url></pluginRepository>
    <pluginRepository>${central}</pluginRepository>
  </pluginRepositories>
  ${body}
</project>\n`,
  )
}

function goal(home: string, ...words: readonly string[]) {
  return {
    words: ['mvn', '-B', ...words],
    env: { MAVEN_OPTS: `${JAVA_FLAGS} -Duser.home=${home}` },
  }
}

function versionOf(plugin: string): string {
  const versions = readdirSync(join(DEBIAN, PLUGINS.replaceAll('.', '/'), plugin))
  return versions.find((name) => /^[2-9]/.test(name)) ?? ''
}
