import { join } from 'node:path'
import { clojureWords } from './clojure-text.ts'
import { clojureString, planClojure } from './clojure-plan.ts'
import { SetupRefusedError } from './errors.ts'
import type { SetupPlan, SetupTarget, StandIn } from './setup-plan.ts'

/** A project may know a repository by another name, but not by another address. */
const PATTERNS: Readonly<Record<StandIn, string>> = {
  clojars: String.raw`clojars|https?://(repo\.)?clojars\.org.*`,
  central: String.raw`central|https?://(repo1\.maven\.org|repo\.maven\.apache\.org)/maven2/?`,
}

/**
 * Leiningen's mirrors have no fallback either. But its `init.clj` is a program that runs before every build, so it looks
 * whether the node answers and adds the mirrors only then.
 */
export function planLein(target: SetupTarget): readonly SetupPlan[] {
  const directory = target.env['LEIN_HOME'] ?? join(target.home, '.lein')
  const profiles = join(directory, 'profiles.clj')
  const refuseMirrors = (text: string): void => {
    if (clojureWords(text)?.has(':mirrors') !== true) return
    throw new SetupRefusedError(
      `Cannot set up lein: ${profiles} has :mirrors already, and their traffic must not go another way; ` +
        'take them out first if the node is to be used instead',
    )
  }
  return [
    {
      ...planClojure('lein', join(directory, 'init.clj'), leinForms(target)),
      alsoRead: { file: profiles, check: refuseMirrors },
      notes: [
        'Leiningen uses the node while it answers within 300 ms at the start of a build, and goes on as before otherwise.',
        'When the node stops in mid-build, start the build again.',
      ],
    },
  ]
}

function leinForms({ replacements, certificate }: SetupTarget): string {
  const mirrors = replacements.map(
    ({ as, url, probe }) =>
      `[#"${PATTERNS[as]}" {:name ${clojureString(as)} :url ${clojureString(url)}} ${clojureString(probe)}]`,
  )
  const trust =
    certificate === undefined
      ? '(update-in [:user :mirrors] #(merge mirrors %))'
      : `(update-in [:user :mirrors] #(merge mirrors %))
                (update-in [:user :certificates] #(conj (vec %) ${clojureString(certificate)}))`
  return `(let [answers? (fn [probe]
                 (try
                   (let [connection (doto (.openConnection (java.net.URL. probe) java.net.Proxy/NO_PROXY)
                                      (.setConnectTimeout 300)
                                      (.setReadTimeout 300))]
                     (= 200 (.getResponseCode connection)))
                   (catch java.io.IOException _ false)))
      mirrors (into {} (for [[pattern mirror probe] [${mirrors.join('\n                                                     ')}]
                             :when (answers? probe)]
                         [pattern mirror]))]
  (when (seq mirrors)
    (require 'cemerick.pomegranate.aether 'leiningen.core.user)
    ((resolve 'cemerick.pomegranate.aether/register-wagon-factory!)
     "http" #(clojure.lang.Reflector/invokeConstructor
              (Class/forName "org.apache.maven.wagon.providers.http.HttpWagon") (object-array 0)))
    (alter-var-root (resolve 'leiningen.core.user/profiles)
      (fn [profiles]
        (fn [& args]
          (-> (apply profiles args)
              ${trust}))))))`
}
