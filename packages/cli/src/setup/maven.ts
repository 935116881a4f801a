import { planSettings } from './settings-plan.ts'
import { trustStoreNote } from './trust-note.ts'
import type { SetupPlan, SetupTarget, StandIn } from './setup-plan.ts'

/** Longer than a node takes to decide; Maven's own patience is half an hour. */
const READ_TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 1_000

/**
 * Maven asks repositories of an active profile first, and the others for whatever they do not give. A mirror has no
 * such fallback.
 */
export function planMaven(target: SetupTarget): readonly SetupPlan[] {
  const repositories = target.replacements.map(
    ({ as, url }) => `        <repository>
          <id>${mavenRepositoryId(as)}</id>
          <url>${url}</url>
          <releases><checksumPolicy>fail</checksumPolicy></releases>
          <snapshots><checksumPolicy>fail</checksumPolicy></snapshots>
        </repository>`,
  )
  const profile = `    <profile>
      <id>jarswarm</id>
      <repositories>
${repositories.join('\n')}
      </repositories>
    </profile>`
  const servers = target.replacements.map(
    ({ as }) => `    <server>
      <id>${mavenRepositoryId(as)}</id>
      <configuration>
        <httpConfiguration>
          <all>
            <connectionTimeout>${CONNECT_TIMEOUT_MS}</connectionTimeout>
            <readTimeout>${READ_TIMEOUT_MS}</readTimeout>
          </all>
        </httpConfiguration>
      </configuration>
    </server>`,
  )
  const additions = [
    { list: 'servers', elements: servers.join('\n') },
    { list: 'profiles', elements: profile },
    { list: 'activeProfiles', elements: '    <activeProfile>jarswarm</activeProfile>' },
  ]
  const notes = [
    'Maven asks the node first in every build, and the other repositories for whatever it does not give.',
    'Maven cannot look first whether the node answers: when another process took its port and says nothing, Maven goes ' +
      'on after 10 s for each file; "jarswarm setup maven --undo" ends that.',
    'What the node refuses Maven takes from the next repository, and there only warns of bytes that do not fit their checksum: ' +
      '"mvn -C", or --strict-checksums in a project\'s .mvn/maven.config, makes it refuse them.',
    'Plugins still come from their own repositories.',
    'After --undo the next build must be online once: Maven checks again where the files it got from the node come from.',
    ...trustStoreNote(target, 'MAVEN_OPTS'),
  ]
  return [planSettings('maven', target, { additions, notes })]
}

/** What `setup maven` calls the node in place of a repository. */
export function mavenRepositoryId(as: StandIn): string {
  return as === 'clojars' ? 'jarswarm' : `jarswarm-${as}`
}
