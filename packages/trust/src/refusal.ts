import { InvalidManifestError, InvalidRootError } from './errors.ts'
import type { RoleName } from './role-name.ts'

/** The error that refuses a role's metadata, of the class that its catcher tells apart. */
export function refusal(
  role: RoleName | 'head',
  facts: { readonly found: string; readonly wanted: string; readonly cause?: unknown },
): InvalidManifestError | InvalidRootError {
  const message = `Cannot trust the ${role}: found ${facts.found}, wanted ${facts.wanted}`
  const options = { cause: facts.cause }
  return role === 'root'
    ? new InvalidRootError(message, options)
    : new InvalidManifestError(message, options)
}
