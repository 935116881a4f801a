import { join } from 'node:path'
import { SetupRefusedError } from './errors.ts'
import type { SetupPlan, SetupTarget, StandIn } from './setup-plan.ts'
import { trustStoreNote } from './trust-note.ts'

const HOSTS: Readonly<Record<StandIn, readonly string[]>> = {
  clojars: ['repo.clojars.org', 'clojars.org'],
  central: ['repo.maven.apache.org', 'repo1.maven.org'],
}

const FIRST_LINE = '// Made by "jarswarm setup gradle"; "jarswarm setup gradle --undo" removes it.'

/** Gradle reads every script of its `init.d`, so that a file of our own needs no change of another. */
export function planGradle(target: SetupTarget): readonly SetupPlan[] {
  const directory = target.env['GRADLE_USER_HOME'] ?? join(target.home, '.gradle')
  const file = join(directory, 'init.d', 'jarswarm.gradle')
  const script = `${FIRST_LINE}\n${gradleScript(target)}`
  const weave = (text: string): string => {
    if (text === '') return script
    throw new SetupRefusedError(
      `Cannot change ${file}: it is there and not made by this command; put this in by hand:\n\n${script}`,
    )
  }
  const unweave = (text: string): string => (text.startsWith(FIRST_LINE) ? '' : text)
  const notes = [
    'Gradle asks the node first in builds that name the repository; other builds are left alone.',
    'The node is used while it answers within 300 ms at the start of a build.',
    'Plugins of the build itself still come from their own repositories.',
    ...trustStoreNote(target, 'GRADLE_OPTS'),
  ]
  return [{ file, snippet: script, weave, unweave, notes }]
}

function gradleScript({ replacements }: SetupTarget): string {
  const rows = replacements.map(
    ({ as, url, probe }) =>
      `  [name: 'jarswarm-${as}', url: '${url}', probe: '${probe}', hosts: [${HOSTS[as].map((host) => `'${host}'`).join(', ')}]],`,
  )
  return `def replacements = [
${rows.join('\n')}
]
def answers = { mine ->
  try {
    def connection = new URL(mine.probe).openConnection(Proxy.NO_PROXY)
    connection.connectTimeout = 300
    connection.readTimeout = 300
    return connection.responseCode == 200
  } catch (IOException ignored) {
    return false
  }
}
def ready = replacements.findAll(answers)
def putFirst = { repositories ->
  repositories.withType(MavenArtifactRepository).all { repository ->
    ready.findAll { repository.url?.host in it.hosts }.each { mine ->
      if (repositories.findByName(mine.name) == null) {
        def added = repositories.maven { name = mine.name; url = mine.url }
        repositories.remove(added)
        repositories.addFirst(added)
      }
    }
  }
}
if (ready) {
  allprojects { putFirst(it.repositories) }
  gradle.settingsEvaluated { settings ->
    if (settings.hasProperty('dependencyResolutionManagement'))
      putFirst(settings.dependencyResolutionManagement.repositories)
  }
}
`
}
