import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Run a program to its end. Throws with what it wrote when it ends with another code than 0. */
export async function shell(program: string, ...args: readonly string[]): Promise<string> {
  return (await run(program, args)).stdout
}
