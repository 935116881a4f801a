/** Something was said on the command line that means nothing here. */
class CommandLineError extends Error {
  override readonly name = 'CommandLineError'
}

/**
 * Those that were named, or all for `all`, in their own order.
 *
 * @throws {CommandLineError} when one of the names is none
 */
export function chooseNamed<T extends { readonly name: string }>(
  known: readonly T[],
  names: readonly string[],
): readonly T[] {
  const unknown = names.filter((one) => one !== 'all' && !known.some(({ name }) => name === one))
  if (unknown.length > 0) {
    const wanted = known.map(({ name }) => name).join(', ')
    throw new CommandLineError(`found ${unknown.join(', ')}, wanted some of ${wanted}, or all`)
  }
  return known.filter(({ name }) => names.includes('all') || names.includes(name))
}

/**
 * A whole number, by default a count, which is not 0: what is done no times passes whatever is wrong.
 *
 * @throws {CommandLineError} when the text is none
 */
export function readWhole(option: string, text: string, least = 1): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  const found = JSON.stringify(text)
  throw new CommandLineError(
    `found --${option} ${found}, wanted a whole number from ${String(least)} on`,
  )
}

/** Do what the command line says; what it cannot mean is said on one line, with exit code 2. */
export async function obeying(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof CommandLineError) && !isOfParseArgs(error)) throw error
    process.stderr.write(`Cannot run: ${error.message}\n`)
    process.exitCode = 2
  }
}

function isOfParseArgs(error: unknown): error is Error {
  const { code } = error as { readonly code?: unknown }
  return error instanceof TypeError && String(code).startsWith('ERR_PARSE_ARGS_')
}
