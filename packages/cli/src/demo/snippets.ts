/** What a library is to a build tool. */
export interface Coordinates {
  readonly group: string
  readonly artifact: string
  readonly version: string
}

export interface SnippetsInit {
  /** The repository at a node: `http://127.0.0.1:8470/demo/`. */
  readonly url: string
  /** The library to resolve, with its dependencies. */
  readonly library: Coordinates
  /** Path of the jar that curl gets. */
  readonly path: string
}

/** Maven layout of a jar without classifier: the coordinates, or undefined when it is something else. */
export function coordinatesOf(path: string): Coordinates | undefined {
  const segments = path.split('/')
  const [version, artifact, file] = [segments.at(-2), segments.at(-3), segments.at(-1)]
  const group = segments.slice(0, -3).join('.')
  if (version === undefined || artifact === undefined || group === '') return undefined
  return file === `${artifact}-${version}.jar` ? { group, artifact, version } : undefined
}

/** Shell lines to paste, for each client. Each works in an empty directory and leaves the user's own settings alone. */
export function formatSnippets(init: SnippetsInit): readonly string[] {
  return [
    '# curl',
    `curl -sSi -o /dev/null -D - ${init.url}${init.path}`,
    '',
    '# Leiningen (the first two lines let it use http at all; in a real setup they stand in ~/.lein/init.clj)',
    ...leiningen(init),
    '',
    '# Maven (its own plugins come from Maven Central, the library from the node)',
    ...maven(init),
  ]
}

function leiningen({ url, library }: SnippetsInit): readonly string[] {
  return [
    `mkdir -p jarswarm-lein && cd jarswarm-lein && cat > project.clj <<'END'`,
    "(require 'cemerick.pomegranate.aether)",
    '(cemerick.pomegranate.aether/register-wagon-factory! "http" #(org.apache.maven.wagon.providers.http.HttpWagon.))',
    '(defproject jarswarm-demo "1.0.0"',
    `  :repositories ^:replace [["demo" {:url "${url}"}]]`,
    '  :local-repo "m2"',
    `  :dependencies [[${library.group}/${library.artifact} "${library.version}"]])`,
    'END',
    'lein with-profile -base,-system,-user,-provided,-dev deps && find m2 -name "*.jar"; cd ..',
  ]
}

function maven({ url, library }: SnippetsInit): readonly string[] {
  return [
    `mkdir -p jarswarm-mvn && cd jarswarm-mvn && cat > settings.xml <<'END'`,
    '<settings>',
    '  <localRepository>${user.dir}/m2</localRepository>',
    '  <profiles><profile><id>demo</id><repositories><repository><id>demo</id>',
    `    <url>${url}</url><releases><checksumPolicy>fail</checksumPolicy></releases>`,
    '  </repository></repositories></profile></profiles>',
    '  <activeProfiles><activeProfile>demo</activeProfile></activeProfiles>',
    '</settings>',
    'END',
    "cat > pom.xml <<'END'",
    '<project><modelVersion>4.0.0</modelVersion>',
    '  <groupId>demo</groupId><artifactId>demo</artifactId><version>1</version>',
    '  <dependencies><dependency>',
    `    <groupId>${library.group}</groupId><artifactId>${library.artifact}</artifactId><version>${library.version}</version>`,
    '  </dependency></dependencies>',
    '</project>',
    'END',
    'mvn -B -s settings.xml dependency:resolve; cd ..',
  ]
}
