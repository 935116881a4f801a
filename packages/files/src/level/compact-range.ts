/** As the `Level` of Node.js has it, but not its type, which is that of the browser's, too. */
interface Compactable {
  compactRange(start: string, end: string): Promise<void>
}

/** Have LevelDB write anew, without what is gone, all that its tables hold between two keys; the browser's has none. */
export async function compactRange(level: object, start: string, end: string): Promise<void> {
  if (isCompactable(level)) await level.compactRange(start, end)
}

function isCompactable(level: object): level is Compactable {
  return 'compactRange' in level
}
