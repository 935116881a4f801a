import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/**
 * Open what stands at a path for reading, whoever may have put it there since it was looked at: a link is not followed
 * (`ELOOP`), and a pipe that nobody writes to does not block. Links in the directories before it are followed.
 */
export function openUnfollowed(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
}
