import { chmod } from 'node:fs/promises'
import type { SetupPlan } from './setup-plan.ts'
import type { SetupRecord, SetupRecords } from './setup-record.ts'
import { textDigest } from './setup-record.ts'
import { modeOf, readText, removeFile, replaceText } from './text-file.ts'

/** What became of a file. */
export interface SetupOutcome {
  readonly file: string
  /** `edited`: it was changed since, so only the part of this command was taken out. */
  readonly result: 'written' | 'unchanged' | 'restored' | 'edited' | 'removed' | 'absent'
  /** Copy of what was there before. */
  readonly backup: string | null
}

const BACKUP_SUFFIX = '.before-jarswarm'

/**
 * Carry plans out. Nothing is written before all of them are known to fit.
 *
 * @throws {SetupRefusedError} when one of the files must not be touched
 */
export async function applySetup(
  plans: readonly SetupPlan[],
  records: SetupRecords,
): Promise<readonly SetupOutcome[]> {
  const prepared = await Promise.all(plans.map((plan) => prepare(plan)))
  const kept = await records.read()
  const outcomes: SetupOutcome[] = []
  const written: SetupRecord[] = []
  for (const { plan, found, base, woven } of prepared) {
    const hadFile = base !== '' || (found !== undefined && found === '')
    const backup = hadFile ? `${plan.file}${BACKUP_SUFFIX}` : null
    const record = { file: plan.file, backup, before: textDigest(base), after: textDigest(woven) }
    written.push(record)
    if (found === woven) {
      outcomes.push({ file: plan.file, result: 'unchanged', backup })
      continue
    }
    if (backup !== null) {
      await replaceText(backup, base)
      await chmod(backup, await modeOf(plan.file))
    }
    // Noted first: a record of what was not done yet harms nothing.
    await records.write([...kept.filter(({ file }) => file !== plan.file), ...written])
    await replaceText(plan.file, woven)
    outcomes.push({ file: plan.file, result: 'written', backup })
  }
  await records.write(written)
  return outcomes
}

/** Take back what {@link applySetup} did. */
export async function undoSetup(
  plans: readonly SetupPlan[],
  records: SetupRecords,
): Promise<readonly SetupOutcome[]> {
  const kept = await records.read()
  const outcomes: SetupOutcome[] = []
  for (const plan of plans) {
    const record = kept.find(({ file }) => file === plan.file)
    outcomes.push({ file: plan.file, backup: null, result: await undoOne(plan, record) })
    const backup = record?.backup ?? undefined
    if (backup !== undefined) await removeFile(backup)
  }
  await records.write([])
  return outcomes
}

interface Prepared {
  readonly plan: SetupPlan
  /** The file as it is. */
  readonly found: string | undefined
  /** The same without what an earlier run put in. */
  readonly base: string
  readonly woven: string
}

async function prepare(plan: SetupPlan): Promise<Prepared> {
  if (plan.alsoRead !== undefined) {
    const text = await readText(plan.alsoRead.file)
    if (text !== undefined) plan.alsoRead.check(text)
  }
  const found = await readText(plan.file)
  const base = found === undefined ? '' : plan.unweave(found)
  return { plan, found, base, woven: plan.weave(base) }
}

async function undoOne(
  plan: SetupPlan,
  record: SetupRecord | undefined,
): Promise<SetupOutcome['result']> {
  const found = await readText(plan.file)
  if (found === undefined) return 'absent'
  if (record !== undefined && textDigest(found) === record.after) {
    if (record.backup === null) {
      await removeFile(plan.file)
      return 'removed'
    }
    const before = await readText(record.backup)
    if (before !== undefined && textDigest(before) === record.before) {
      await replaceText(plan.file, before)
      return 'restored'
    }
  }
  const rest = plan.unweave(found)
  if (rest === found) return 'unchanged'
  if (rest === '') {
    await removeFile(plan.file)
    return 'removed'
  }
  await replaceText(plan.file, rest)
  return 'edited'
}
