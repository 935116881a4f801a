import type { SetupTarget, StandIn } from './setup-plan.ts'
import { trustStoreFlags } from './trust-note.ts'

/** Variable that names what the mirrors in Maven's settings are of. */
export function mirrorVariable(as: StandIn): string {
  return `JARSWARM_${as.toUpperCase()}`
}

const BOOT_VARIABLES: Readonly<Record<StandIn, string>> = {
  clojars: 'BOOT_CLOJARS_MIRROR',
  central: 'BOOT_MAVEN_CENTRAL_MIRROR',
}

/** What a command gets in its environment while the node answers. */
export function runEnvironment(target: SetupTarget): Readonly<Record<string, string>> {
  const variables = target.replacements.flatMap(({ as, url }) => [
    [mirrorVariable(as), as],
    [BOOT_VARIABLES[as], url],
  ])
  const flags = trustStoreFlags(target)
  const before = target.env['JAVA_TOOL_OPTIONS']
  const options = [...(before === undefined ? [] : [before]), ...flags].join(' ')
  return Object.fromEntries([
    ...variables,
    ...(flags.length > 0 ? [['JAVA_TOOL_OPTIONS', options]] : []),
  ]) as Record<string, string>
}
