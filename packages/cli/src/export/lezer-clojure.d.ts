// The package brings types, but its exports do not name them.
declare module '@nextjournal/lezer-clojure' {
  import type { LRParser } from '@lezer/lr'

  export const parser: LRParser
}
