import { clojureWords } from './clojure-text.ts'
import { SetupRefusedError } from './errors.ts'
import { CLOJURE_COMMENT, markBlock, removeBlocks } from './marked-block.ts'
import type { SetupPlan } from './setup-plan.ts'

/** Add forms at the end of a Clojure source file. */
export function planClojure(
  client: string,
  file: string,
  forms: string,
): Pick<SetupPlan, 'file' | 'snippet' | 'weave' | 'unweave'> {
  const weave = (text: string): string => {
    if (clojureWords(text) === undefined)
      throw new SetupRefusedError(
        `Cannot change ${file}: a form in it is not closed; put this in by hand:\n\n${forms}`,
      )
    return text + markBlock(CLOJURE_COMMENT, client, forms)
  }
  const unweave = (text: string): string => removeBlocks(CLOJURE_COMMENT, client, text)
  return { file, snippet: forms, weave, unweave }
}

/** A string as Clojure source. */
export function clojureString(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
