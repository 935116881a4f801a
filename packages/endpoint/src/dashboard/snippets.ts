/** How one build tool is pointed at the node: text to paste, and where. */
export interface Snippet {
  readonly tool: string
  readonly where: string
  readonly text: string
}

/**
 * What to paste, for one repository. The mirror keeps the repository's own name, so that what clients have cached
 * under it stays valid.
 *
 * @param address of the endpoint, without trailing slash
 */
export function clientSnippets(address: string, repository: string): readonly Snippet[] {
  const url = `${address}/${repository}/`
  return [
    { tool: 'Leiningen', where: '~/.lein/profiles.clj', text: leinProfiles(repository, url) },
    { tool: 'Leiningen', where: '~/.lein/init.clj (allows http)', text: LEIN_INIT },
    {
      tool: 'Clojure CLI and Maven',
      where: '~/.m2/settings.xml',
      text: mavenMirror(repository, url),
    },
    { tool: 'Gradle', where: '~/.gradle/init.gradle', text: gradleInit(url) },
    { tool: 'curl', where: 'a shell', text: `curl -O ${url}GROUP/ARTIFACT/VERSION/FILE` },
  ]
}

const LEIN_INIT = `(require 'cemerick.pomegranate.aether)
(cemerick.pomegranate.aether/register-wagon-factory!
  "http" #(org.apache.maven.wagon.providers.http.HttpWagon.))`

function leinProfiles(repository: string, url: string): string {
  return `{:user {:mirrors {"${repository}" {:name "${repository}" :url "${url}"}}}}`
}

function mavenMirror(repository: string, url: string): string {
  return `<settings>
  <mirrors>
    <mirror>
      <id>${repository}</id>
      <mirrorOf>${repository}</mirrorOf>
      <url>${url}</url>
    </mirror>
  </mirrors>
</settings>`
}

function gradleInit(url: string): string {
  return `allprojects { repositories { maven { url '${url}' } } }`
}
