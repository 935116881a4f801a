import { planSettings } from './settings-plan.ts'
import { trustStoreNote } from './trust-note.ts'
import type { SetupPlan, SetupTarget } from './setup-plan.ts'

/**
 * Maven asks repositories of an active profile first, and the others for whatever they do not give. A mirror has no
 * such fallback.
 */
export function planMaven(target: SetupTarget): readonly SetupPlan[] {
  const repositories = target.replacements.map(
    ({ as, url }) => `        <repository>
          <id>${as === 'clojars' ? 'jarswarm' : `jarswarm-${as}`}</id>
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
  const additions = [
    { list: 'profiles', elements: profile },
    { list: 'activeProfiles', elements: '    <activeProfile>jarswarm</activeProfile>' },
  ]
  const notes = [
    'Maven asks the node first in every build, and the other repositories for whatever it does not give.',
    'Plugins still come from their own repositories.',
    'After --undo the next build must be online once: Maven checks again where the files it got from the node come from.',
    ...trustStoreNote(target, 'MAVEN_OPTS'),
  ]
  return [planSettings('maven', target, { additions, notes })]
}
