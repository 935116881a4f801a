import { readFile } from 'node:fs/promises'
import { codeOf } from '../exit-code.ts'

const PASSWD = '/etc/passwd'
/** Numbers of people's accounts; below are those of services, and 65534 is nobody. */
const FIRST_PERSON = 1000
const LAST_PERSON = 60_000
const NO_LOGIN = /(?:nologin|false|sync|halt|shutdown)$/

/** Whether other people have an account on this machine, as far as its list of users says. */
export async function hasOtherUsers(): Promise<boolean> {
  try {
    return listsOthers(await readFile(PASSWD, 'utf8'), process.getuid?.() ?? 0)
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(codeOf(error))) return false
    throw error
  }
}

/** @param passwd text in the form of `/etc/passwd` */
export function listsOthers(passwd: string, ownId: number): boolean {
  return passwd.split('\n').some((line) => {
    const [, , id, , , , shell] = line.split(':')
    const number = Number(id)
    const isPerson = id !== '' && number >= FIRST_PERSON && number < LAST_PERSON
    return isPerson && number !== ownId && shell !== undefined && !NO_LOGIN.test(shell)
  })
}
