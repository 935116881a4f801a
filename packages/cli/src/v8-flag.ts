import { setFlagsFromString } from 'node:v8'

/** The V8 that our settings were measured with. Another one may not know a flag, and would say so on each start. */
const MEASURED_MAJOR = '14'

/** Set a flag of V8, as `--name` or `--name=value`, while it runs; with another V8 than the measured one nothing is set. */
export function setV8Flag(flag: string): void {
  if (process.versions.v8.split('.')[0] === MEASURED_MAJOR) setFlagsFromString(flag)
}
