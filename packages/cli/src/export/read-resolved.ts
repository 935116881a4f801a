import { stripVTControlCharacters } from 'node:util'
import { isPath, parseCoordinates } from '@jarswarm/maven'
import type { ClosureArtifact } from '@jarswarm/maven'
import { projectId } from './project-dependencies.ts'

/** What may stand in a name or a version: no space, and none of the signs that part them. */
const WORD = '[^\\s:/"\\[\\]$]+'
/** What Maven's log puts before a line. */
const LEVEL = /^\[(?:INFO|WARNING)\]\s*/
/** `org.clojure:clojure:jar:1.11.1:compile`, with a classifier before the version. */
const MAVEN = new RegExp(
  `^\\W*(${WORD}):(${WORD}):(${WORD}):(?:(${WORD}):)?(${WORD}):(?:compile|runtime|test|provided|system|import)\\b`,
)
/** `org.clojure:clojure:1.11.1`, as Gradle and many others write it. */
const PLAIN = new RegExp(`^[\\s|+\\\\-]*(${WORD}):(${WORD}):(${WORD})$`)
/** `[org.clojure/clojure "1.11.1" :classifier "x"]` of Leiningen. */
const LEININGEN = /^\s*\[([^\s"[\]]+) "([^"]+)"(.*)\]\s*$/
const LEININGEN_OPTION = /:(classifier|extension) "([^"]+)"/g
/** `  . org.clojure/clojure 1.11.1 :newer-version` of tools.deps; `X` stands before what was left out. */
const TOOLS_DEPS =
  /^(?:\s*\. |\s*)([^\s/:"]+\/[^\s/:"$]+)(?:\$([^\s]+))? (\d[^\s]*|[^\s]*\d[^\s]*)(?: :[a-z-]+)?$/

/**
 * Read an artifact from a line of what a build tool resolved: of `mvn dependency:list`, `clj -Stree`,
 * `lein deps :tree`, plain `group:artifact:version`, or a repository path.
 *
 * @returns undefined for a line that names none, such as a heading
 */
export function readResolved(line: string): ClosureArtifact | undefined {
  const text = stripVTControlCharacters(line).replace(LEVEL, '').trimEnd()
  return fromPath(text.trim()) ?? fromMaven(text) ?? fromLeiningen(text) ?? fromToolsDeps(text)
}

function fromPath(text: string): ClosureArtifact | undefined {
  return isPath(text) ? parseCoordinates(text) : undefined
}

function fromMaven(text: string): ClosureArtifact | undefined {
  const [, group, artifact, extension, classifier, version] = MAVEN.exec(text) ?? []
  if (group !== undefined && artifact !== undefined && version !== undefined) {
    return { group, artifact, version, classifier, extension: extensionOf(extension) }
  }
  const [, plainGroup, plainArtifact, plainVersion] = PLAIN.exec(text) ?? []
  if (plainGroup === undefined || plainArtifact === undefined || plainVersion === undefined) {
    return undefined
  }
  return toJar({ group: plainGroup, artifact: plainArtifact }, plainVersion)
}

function fromLeiningen(text: string): ClosureArtifact | undefined {
  const [, name, version, rest = ''] = LEININGEN.exec(text) ?? []
  if (name === undefined || version === undefined) return undefined
  const jar = toJar(projectId(name), version)
  const options = [...rest.matchAll(LEININGEN_OPTION)].map(([, key, value]) => [key, value])
  return { ...jar, ...(Object.fromEntries(options) as Partial<ClosureArtifact>) }
}

function fromToolsDeps(text: string): ClosureArtifact | undefined {
  const [, name, classifier, version] = TOOLS_DEPS.exec(text) ?? []
  if (name === undefined || version === undefined) return undefined
  return { ...toJar(projectId(name), version), classifier }
}

function toJar(
  { group, artifact }: Pick<ClosureArtifact, 'group' | 'artifact'>,
  version: string,
): ClosureArtifact {
  return { group, artifact, version, classifier: undefined, extension: 'jar' }
}

/** Types of Maven whose files are jars. */
function extensionOf(type: string | undefined): string {
  return type === undefined || ['bundle', 'ejb', 'maven-plugin', 'test-jar'].includes(type)
    ? 'jar'
    : type
}
