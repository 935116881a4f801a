import { planSettings } from './settings-plan.ts'
import { mirrorVariable } from './run-environment.ts'
import { trustStoreNote } from './trust-note.ts'
import type { SetupPlan, SetupTarget } from './setup-plan.ts'

/**
 * The Clojure CLI reads Maven's mirrors, which have no fallback. So these are of a repository whose name stands in a
 * variable: while that is unset, they are mirrors of nothing.
 */
export function planClj(target: SetupTarget): readonly SetupPlan[] {
  const mirrors = target.replacements.map(
    ({ as, url }) => `    <mirror>
      <id>${as}</id>
      <mirrorOf>\${env.${mirrorVariable(as)}}</mirrorOf>
      <url>${url}</url>
    </mirror>`,
  )
  const additions = [{ list: 'mirrors', elements: mirrors.join('\n') }]
  const notes = [
    'Start builds with "jarswarm run -- clj …": it looks whether the node answers. Without it nothing changes.',
    'The Clojure CLI has no fallback of its own: when the node stops in mid-build, start the build again.',
    'Maven reads the same file, so that "jarswarm run -- mvn …" uses the node too.',
    ...trustStoreNote(target, 'JAVA_TOOL_OPTIONS'),
  ]
  return [planSettings('clj', target, { additions, notes })]
}
