import { planBoot } from './boot.ts'
import { planClj } from './clj.ts'
import { planGradle } from './gradle.ts'
import { planLein } from './lein.ts'
import { planMaven } from './maven.ts'
import type { SetupPlan, SetupTarget } from './setup-plan.ts'

/** How each client is pointed at a node. */
export const CLIENTS: Readonly<Record<string, (target: SetupTarget) => readonly SetupPlan[]>> = {
  lein: planLein,
  boot: planBoot,
  clj: planClj,
  maven: planMaven,
  gradle: planGradle,
}
