/** A named part of the database. Keys are ASCII text and ordered by their bytes. */
export interface AnyTable {
  readonly names: readonly string[]
  readonly encoding: 'utf8' | 'view'
}

export interface Table<V extends string | Uint8Array> extends AnyTable {
  /** Only there to carry the type of the values. */
  readonly valueType?: V
}

/** A table of short texts. */
export function textTable(...names: string[]): Table<string> {
  return { names, encoding: 'utf8' }
}

/** A table of bytes. */
export function bytesTable(...names: string[]): Table<Uint8Array> {
  return { names, encoding: 'view' }
}

/** The key under which Level keeps a value: names of sublevels each between exclamation marks, then the key. */
export function nameOf({ names }: AnyTable, key: string): string {
  return `${names.map((name) => `!${name}!`).join('')}${key}`
}

/** A value as its table gives it. */
export function decode<V extends string | Uint8Array>(
  { encoding }: Table<V>,
  bytes: Uint8Array,
): V {
  const { buffer, byteOffset, length } = bytes
  const decoded = encoding === 'view' ? bytes : Buffer.from(buffer, byteOffset, length).toString()
  return decoded as V
}
