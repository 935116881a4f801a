import { nameOf, parseCoordinates, parsePath } from '@jarswarm/maven'
import XMLBuilder from 'fast-xml-builder'
import type { SignedFile } from './signed-list.ts'

const NAMESPACE = 'https://schema.gradle.org/dependency-verification'

/**
 * Write a `verification-metadata.xml` for Gradle 6.2 and later: the SHA-256 of each file, component by component.
 *
 * Files that are not of the default layout have no coordinates, and are left out.
 *
 * @see https://docs.gradle.org/current/userguide/dependency_verification.html
 */
export function gradleVerification(files: readonly SignedFile[]): string {
  const components = new Map<string, Component>()
  for (const file of files) {
    const path = parsePath(file.path)
    const coordinates = parseCoordinates(path)
    if (coordinates === undefined) continue
    const { group, artifact, version } = coordinates
    const key = `${group}:${artifact}:${version}`
    const component = components.get(key) ?? {
      '@group': group,
      '@name': artifact,
      '@version': version,
      artifact: [],
    }
    const origin = `jarswarm ${file.repository}, head ${String(file.seq)}`
    component.artifact.push({
      '@name': nameOf(path),
      sha256: { '@value': file.sha256, '@origin': origin },
    })
    components.set(key, component)
  }
  return format([...components.values()])
}

interface Component {
  readonly '@group': string
  readonly '@name': string
  readonly '@version': string
  readonly artifact: object[]
}

function format(component: readonly Component[]): string {
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
    format: true,
    indentBy: '   ',
  })
  return builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    'verification-metadata': {
      '@xmlns': NAMESPACE,
      '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      '@xsi:schemaLocation': `${NAMESPACE} ${NAMESPACE}/dependency-verification-1.3.xsd`,
      configuration: { 'verify-metadata': 'true', 'verify-signatures': 'false' },
      components: { component },
    },
  })
}
