import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readResolved } from '../../src/export/read-resolved.ts'

const LINES: readonly (readonly [string, string | undefined])[] = [
  ['[INFO]    org.clojure:clojure:jar:1.11.1:compile', 'org.clojure:clojure:1.11.1::jar'],
  ['[INFO]    a.b:c:jar:linux:1.0:runtime -- module x', 'a.b:c:1.0:linux:jar'],
  ['[INFO] +- a.b:c:bundle:1.0:test (optional)', 'a.b:c:1.0::jar'],
  ['   a.b:c:pom:1.0:provided', 'a.b:c:1.0::pom'],
  ['[INFO] --- dependency:3.6.0:list (default-cli) @ app ---', undefined],
  ['[INFO] Total time:  1.2 s', undefined],
  ['+--- a.b:c:1.0', 'a.b:c:1.0::jar'],
  ['org.clojure/clojure 1.11.1', 'org.clojure:clojure:1.11.1::jar'],
  ['  . org.clojure/spec.alpha 0.3.218', 'org.clojure:spec.alpha:0.3.218::jar'],
  ['    X org.clojure/clojure 1.9.0 :older-version', undefined],
  ['  . io.netty/netty$linux 4.1 :newer-version', 'io.netty:netty:4.1:linux:jar'],
  [' [ring "1.8.2" :exclusions [[a/b]]]', 'ring:ring:1.8.2::jar'],
  ['   [a/b "1" :classifier "x" :extension "zip"]', 'a:b:1:x:zip'],
  [' a/b/1/b-1-sources.jar', 'a:b:1:sources:jar'],
  ['\u001b[1m[INFO]\u001b[m a.b:c:jar:1.0:compile', 'a.b:c:1.0::jar'],
  ['Possible confusing dependencies found:', undefined],
  ['../../../etc/passwd', undefined],
  ['', undefined],
]

describe('readResolved', () => {
  for (const [line, wanted] of LINES) {
    it(`reads ${JSON.stringify(line)} as ${wanted ?? 'nothing'}`, () => {
      const found = readResolved(line)
      const { group, artifact, version, classifier = '', extension } = found ?? {}
      const shown = [group, artifact, version, classifier, extension].join(':')
      assert.equal(found === undefined ? undefined : shown, wanted)
    })
  }
})
