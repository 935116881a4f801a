/** A mutant that nobody can tell from the original, and why. */
export interface Equivalent {
  readonly file: string
  /** The source line that it begins in, without the white space around it. */
  readonly line: string
  readonly original: string
  readonly replacement: string
  readonly why: string
}

const ONLY_ERRORS = 'whatever is thrown there is an Error; the language cannot say so'

export const EQUIVALENT: Readonly<Record<string, readonly Equivalent[]>> = {
  trust: [
    {
      file: 'src/evidence/judge-evidence.ts',
      line: "if (alone.head === undefined) throw new InvalidEvidenceError('no head')",
      original: 'alone.head === undefined',
      replacement: 'false',
      why: 'there is a head once a manifest was accepted; the type cannot say so',
    },
    {
      file: 'src/metadata.ts',
      line: "found: cause instanceof Error ? cause.message : 'no valid signature',",
      original: 'cause instanceof Error',
      replacement: 'true',
      why: ONLY_ERRORS,
    },
    {
      file: 'src/metadata.ts',
      line: "found: cause instanceof Error ? cause.message : 'unreadable bytes',",
      original: 'cause instanceof Error',
      replacement: 'true',
      why: ONLY_ERRORS,
    },
    {
      file: 'src/trusted-manifest.ts',
      line: "found: cause instanceof Error ? cause.message : 'unreadable bytes',",
      original: 'cause instanceof Error',
      replacement: 'true',
      why: ONLY_ERRORS,
    },
    {
      file: 'src/trusted-manifest.ts',
      line: "const issuedMs = typeof issued === 'string' ? parseTime(issued) : undefined",
      original: "typeof issued === 'string'",
      replacement: 'true',
      why: 'nothing but a text has the form of a time',
    },
    {
      file: 'src/trusted-repository.ts',
      line: 'if (this.#accepted !== undefined && Buffer.compare(this.#accepted.bytes, bytes) === 0) {',
      original: 'this.#accepted !== undefined && Buffer.compare(this.#accepted.bytes, bytes) === 0',
      replacement: 'false',
      why: 'saves verifying what is known already, which ends in the same answer',
    },
  ],
  manifest: [
    {
      file: 'src/head.ts',
      line: 'if (bytes.length > MAX_HEAD_BYTES) {',
      original: 'bytes.length > MAX_HEAD_BYTES',
      replacement: 'false',
      why: 'no head in its one form is that long, for an origin has a bound; this one saves reading the rest',
    },
    {
      file: 'src/head.ts',
      line: 'if (bytes.length > MAX_HEAD_BYTES) {',
      original: '>',
      replacement: '>=',
      why: 'as above: there is no head of just that length',
    },
    {
      file: 'src/head.ts',
      line: "if (text === undefined) throw new InvalidHeadError('bytes that are not ASCII')",
      original: 'text === undefined',
      replacement: 'false',
      why: 'what is not ASCII is no JSON either, and both are refused alike',
    },
    {
      file: 'src/head.ts',
      line: 'if (format !== FORMAT) throw new InvalidHeadError(`no format ${FORMAT}`)',
      original: 'format !== FORMAT',
      replacement: 'false',
      why: 'a head of another format is not what encode writes, and that is compared at the end',
    },
    {
      file: 'src/history-tree.ts',
      line: "if (hashes === undefined) throw new RangeError('Cannot append to the history: it is full')",
      original: 'hashes === undefined',
      replacement: 'false',
      why: 'no test appends more lines than a number counts',
    },
  ],
}
