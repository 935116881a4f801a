import { join } from 'node:path'
import { planClojure } from './clojure-plan.ts'
import type { SetupPlan, SetupTarget } from './setup-plan.ts'

/** Boot resolves dependencies in a pod of its own: only there is what has to be told of plain HTTP. */
const FORMS = `(when (or (System/getenv "BOOT_CLOJARS_MIRROR") (System/getenv "BOOT_MAVEN_CENTRAL_MIRROR"))
  (boot.pod/with-eval-worker
    (require 'cemerick.pomegranate.aether)
    ((resolve 'cemerick.pomegranate.aether/register-wagon-factory!)
     "http" #(clojure.lang.Reflector/invokeConstructor
              (Class/forName "org.apache.maven.wagon.providers.http.HttpWagon") (object-array 0)))
    nil))`

/** Boot takes its mirrors from the environment; its profile only lets it use plain HTTP. */
export function planBoot(target: SetupTarget): readonly SetupPlan[] {
  const directory = target.env['BOOT_HOME'] ?? join(target.home, '.boot')
  return [
    {
      ...planClojure('boot', join(directory, 'profile.boot'), FORMS),
      notes: [
        'Start builds with "jarswarm run -- boot …": it looks whether the node answers, and sets BOOT_CLOJARS_MIRROR then.',
        'Boot has no fallback of its own: when the node stops in mid-build, start the build again.',
      ],
    },
  ]
}
