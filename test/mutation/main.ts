// Which lines of a package could be wrong without a test that notices?
//
// npm run mutants -- [--checks] <package> [part of a file's name]…
//
// With --checks only whole checks are taken away, which is the part that matters most.
// Exit code 1 when a mutant survives that `equivalent.ts` does not explain.
import { globSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { EQUIVALENT } from './equivalent.ts'
import type { Equivalent } from './equivalent.ts'
import { mutantsOf, removesCheck } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import { Trial } from './trial.ts'

const { values, positionals } = parseArgs({
  options: { checks: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [packageName, ...filters] = positionals
if (packageName === undefined) throw new TypeError('Cannot run: found no package, wanted one')

const directory = `packages/${packageName}`
const files = globSync(`${directory}/src/**/*.ts`)
  .filter((file) => !file.endsWith('/index.ts') && !file.endsWith('/errors.ts'))
  .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
  .toSorted()
const mutants = files.flatMap((file) =>
  mutantsOf(relative(directory, file), readFileSync(file, 'utf8')),
)
const explained = EQUIVALENT[packageName] ?? []
const explains = ({ file, line, original, replacement }: Equivalent, mutant: Mutant): boolean =>
  mutant.file === file &&
  mutant.lineText === line &&
  mutant.original === original &&
  mutant.replacement === replacement
const outdated = explained.filter(
  (entry) =>
    files.includes(`${directory}/${entry.file}`) &&
    !mutants.some((mutant) => explains(entry, mutant)),
)
if (outdated.length > 0) {
  const lines = outdated.map(({ file, line }) => `${file}: ${line}`).join('\n')
  throw new Error(`Cannot begin: equivalent.ts explains lines that are no more:\n${lines}`)
}
const chosen = values.checks ? mutants.filter(removesCheck) : mutants
const tried = chosen.filter((mutant) => !explained.some((entry) => explains(entry, mutant)))
const survivors: Mutant[] = []
const queue = tried.entries()
/** Mutants between two words of how far it is. */
const STRIDE = 25

async function work(): Promise<void> {
  await using trial = await Trial.create(packageName ?? '')
  if (await trial.failsAnyway()) throw new Error('Cannot begin: the tests fail without any mutant')
  for (const [at, mutant] of queue) {
    if (at > 0 && at % STRIDE === 0) {
      process.stderr.write(`${String(at)} of ${String(tried.length)} tried\n`)
    }
    if (await trial.notices(mutant)) continue
    survivors.push(mutant)
    const { file, line, original, replacement } = mutant
    process.stdout.write(`survived  ${file}:${String(line)}  ${original}  ->  ${replacement}\n`)
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work))
const noticed = tried.length - survivors.length
process.stdout.write(
  `${packageName}: ${String(noticed)} of ${String(tried.length)} mutants noticed, ` +
    `${String(chosen.length - tried.length)} more are the same as the original\n`,
)
if (survivors.length > 0) process.exitCode = 1
