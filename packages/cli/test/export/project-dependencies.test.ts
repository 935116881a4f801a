import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readDepsEdn, readProjectClj, wantedOf } from '../../src/export/project-dependencies.ts'

const shown = ({ dependencies }: ReturnType<typeof readDepsEdn>): readonly string[] =>
  dependencies.map(
    ({ group, artifact, version, classifier = '', type, exclusions }) =>
      `${group}:${artifact}:${version}:${classifier}:${type}` +
      exclusions.map((one) => ` -${one.group}:${one.artifact}`).join(''),
  )

describe('readDepsEdn', () => {
  it('reads libraries of Maven, and names those that are not', () => {
    const read = readDepsEdn(`
      ;; a comment with {:deps {no/no {:mvn/version "0"}}}
      {:paths ["src"]
       :deps {org.clojure/clojure {:mvn/version "1.11.1" :exclusions [a/b c]}
              ring {:mvn/version "1.8.2"}
              #_#_gone/gone {:mvn/version "1"}
              io.netty/netty$linux {:mvn/version "4" :extension "zip"}
              my/own {:local/root "../own"}}
       :aliases {:dev {:extra-deps {no/alias {:mvn/version "1"}}}}}`)
    assert.deepEqual(shown(read), [
      'org.clojure:clojure:1.11.1::jar -a:b -c:c',
      'ring:ring:1.8.2::jar',
      'io.netty:netty:4:linux:zip',
    ])
    assert.deepEqual(read.remarks, ['my/own is not from a Maven repository'])
  })

  it('refuses brackets that do not match, and evaluates nothing', () => {
    assert.throws(() => readDepsEdn('{:deps {a/b {:mvn/version "1"}'), SyntaxError)
    assert.deepEqual(readDepsEdn('{:deps {a/b {:mvn/version #=(str "1")}}}').dependencies, [])
    assert.deepEqual(readDepsEdn('').dependencies, [])
    assert.throws(() => readDepsEdn(' '.repeat(1_048_577)), /at most 1 MiB/)
  })
})

describe('readProjectClj', () => {
  it('reads the dependencies of a project with code around them', () => {
    const read = readProjectClj(`
      (def v "3")
      (defproject my/app "0.1"
        :description "quotes \\" and [brackets"
        :managed-dependencies [[managed/one "7"]]
        :dependencies [[org.clojure/clojure "1.11.1" :exclusions [a/b [c/d :classifier "x"]]]
                       ^:inline-dep [ring "1.8.2" :classifier "sources"]
                       [managed/one]
                       [made/up ~v]
                       #_[no/no "1"]]
        :profiles {:dev {:dependencies [[no/dev "1"]]}}
        :jvm-opts [#"re[gex"])`)
    assert.deepEqual(shown(read), [
      'org.clojure:clojure:1.11.1::jar -a:b -c:d',
      'ring:ring:1.8.2:sources:jar',
      'managed:one:7::jar',
    ])
    assert.deepEqual(read.remarks, ['the version of made/up is not written in the file'])
  })
})

describe('wantedOf', () => {
  it('takes what a project itself needs for its tests', () => {
    const [one] = readDepsEdn('{:deps {a/b {:mvn/version "1"}}}').dependencies
    assert.ok(one)
    const scopes = ['test', 'provided', 'system', 'import'].map((scope) => ({ ...one, scope }))
    assert.deepEqual(
      wantedOf(scopes).map(({ scope }) => scope),
      ['compile', 'compile'],
    )
  })
})
