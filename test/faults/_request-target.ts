import { publishedPath } from '@jarswarm/ports'
import { Testnet } from '../swarm/_testnet.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { judgeAnswer } from './_request-oracle.ts'
import type { Target } from './_request-trial.ts'
import { RunningClock } from './_running-clock.ts'

export const PUBLIC_HOST = 'mirror.example'
/** Sent as a stream, and large enough that no buffer between here and a client holds it. */
export const LARGE = 'org/example/large/1.0/large-1.0.jar'
const LARGE_BYTES = 24_000_000
/** Names as real repositories have them; the first two are the victim and what is smuggled. */
export const FILES: Readonly<Record<string, string>> = {
  'org/example/victim/1.0/victim-1.0.jar': 'the answer that another client waits for',
  'org/example/smuggled/1.0/smuggled-1.0.jar': 'what nobody asked for',
  'org/clojure/data.xml/0.2.0-alpha6/data.xml-0.2.0-alpha6.jar': 'a folder that looks like a file',
  'org/clojure/data.xml/0.2.0~alpha6/data.xml-0.2.0~alpha6.pom': '<project/>',
  'org/clojure/data.xml/maven-metadata.xml': '<metadata/>',
  'a/b/2.4.962+really2.3.911/b-2.4.962+really2.3.911.jar': 'plus',
  'a/b/1.0-SNAPSHOT/maven-metadata.xml': '<metadata></metadata>',
  'a/b/1.0/b-1.0-sources.jar': 'x'.repeat(5_000),
  'a/b/1.0/b-1.0.jar.asc': '-----BEGIN PGP SIGNATURE-----',
  'a/b/1.0/empty-1.0.txt': '',
  [`long/${'n'.repeat(255)}/1/x-1.jar`]: 'a name as long as may be',
}

/** What {@link LARGE} is. */
export const largeBytes = (): Buffer => Buffer.alloc(LARGE_BYTES, 'large, ')

/** A node that holds all of a repository, under its own name and a public one, with all that can be asked of it. */
export async function hostilePlace(test: Ending): Promise<Target> {
  const files = Object.entries(FILES).map(([path, text]) => [path, Buffer.from(text)] as const)
  const net = await Testnet.create(test, { ...Object.fromEntries(files), [LARGE]: largeBytes() })
  const clock = new RunningClock()
  test.after(() => {
    clock[Symbol.dispose]()
  })
  const node = await net.holder({ clock, publicUrl: `http://${PUBLIC_HOST}/` })
  const { host, port } = new URL(node.url ?? '')
  const tree = [...net.builder.files]
  const isPublished = ([path]: readonly [string, unknown]): boolean => path.startsWith('.jarswarm/')
  const manifest = publishedPath({ kind: 'manifest' })
  if (!net.builder.files.has(manifest)) throw new Error('Cannot begin: nothing is published')
  const site = {
    repository: net.builder.name,
    files: new Map(tree.filter((file) => !isPublished(file))),
    published: new Map(tree.filter(isPublished)),
    host,
    publicHost: PUBLIC_HOST,
  }
  const pass = (ms: number): void => {
    clock.advance(ms)
  }
  return { site, port: Number(port), pass, judge: judgeAnswer }
}
