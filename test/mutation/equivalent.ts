/** A mutant that nobody can tell from the original, and why. */
export interface Equivalent {
  readonly file: string
  readonly original: string
  readonly replacement: string
  readonly why: string
}

export const EQUIVALENT: Readonly<Record<string, readonly Equivalent[]>> = {
  trust: [],
  manifest: [
    {
      file: 'src/head.ts',
      original: 'bytes.length > MAX_HEAD_BYTES',
      replacement: 'false',
      why: 'no head in its one form is that long, for an origin has a bound; this one saves reading the rest',
    },
    {
      file: 'src/head.ts',
      original: '>',
      replacement: '>=',
      why: 'as above: there is no head of just that length',
    },
    {
      file: 'src/history-proof.ts',
      original: 'last === 0',
      replacement: 'false',
      why: 'a hash over the root is never the root, so that a proof with more hashes is refused at its end',
    },
    {
      file: 'src/head.ts',
      original: 'text === undefined',
      replacement: 'false',
      why: 'what is not ASCII is no JSON either, and both are refused alike',
    },
    {
      file: 'src/head.ts',
      original: 'format !== FORMAT',
      replacement: 'false',
      why: 'a head of another format is not what encode writes, and that is compared at the end',
    },
  ],
}
