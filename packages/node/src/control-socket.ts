import { join, relative } from 'node:path'
import { ListenError } from './errors.ts'

const SOCKET_NAME = 'control.sock'

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing NUL included. */
const MAX_SOCKET_PATH_BYTES = 103

/**
 * Where the node of a data directory listens for commands: the shorter of the absolute path and the one
 * from the working directory, since the system cuts long ones off.
 *
 * @throws {ListenError} when both are too long
 */
export function controlSocketPath(dataDir: string): string {
  const absolute = join(dataDir, SOCKET_NAME)
  const fromHere = relative(process.cwd(), absolute)
  const path = Buffer.byteLength(fromHere) < Buffer.byteLength(absolute) ? fromHere : absolute
  const length = Buffer.byteLength(path)
  if (length <= MAX_SOCKET_PATH_BYTES) return path
  throw new ListenError(
    `Cannot open the control socket ${absolute}: the path takes ${String(length)} bytes, ` +
      `at most ${String(MAX_SOCKET_PATH_BYTES)} are wanted; choose a data directory with a shorter path`,
  )
}
