/** What a build asks for, and where a repository keeps it. */
export interface Coordinate {
  readonly group: string
  readonly artifact: string
  readonly version: string
  readonly classifier?: string
}

/** Read `group:artifact:version[:classifier]`. */
export function coordinate(text: string): Coordinate {
  const [group = '', artifact = '', version = '', classifier] = text.split(':')
  return { group, artifact, version, ...(classifier === undefined ? {} : { classifier }) }
}

/** Folder of a version in a repository. */
export function folderOf({ group, artifact, version }: Coordinate): string {
  return `${group.replaceAll('.', '/')}/${artifact}/${version}`
}

/** Path of a file of a version in a repository. */
export function fileOf(of: Coordinate, extension: 'jar' | 'pom'): string {
  const classifier = of.classifier === undefined || extension === 'pom' ? '' : `-${of.classifier}`
  return `${folderOf(of)}/${of.artifact}-${of.version}${classifier}.${extension}`
}
