import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PUBLIC_FILE_MODE, writeFileAtomically } from '@jarswarm/files'
import type { Command } from 'commander'
import { givenFlags } from '../command-setup.ts'
import type { CommandSetup } from '../command-setup.ts'
import { ABOUT_SOURCES, exportSigned, withSources } from '../export/export-options.ts'
import { gradleVerification } from '../export/gradle-verification.ts'
import { mavenChecksums } from '../export/maven-checksums.ts'
import { leftOutOf } from '../export/left-out.ts'
import { collect, withJson } from '../options.ts'
import { say, sayJson } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

/** `jarswarm export`: the signed digests in the forms that build tools check by themselves. */
export function addExport(program: Command, setup: CommandSetup): void {
  const command = program
    .command('export')
    .summary('write signed digests for Maven or Gradle to check')
    .description(
      'Write the signed digests of the files of a build, for a build tool to check by itself.',
    )
    .helpCommand(false)
  addMavenChecksums(command, setup)
  addGradleVerification(command, setup)
}

function addMavenChecksums(program: Command, setup: CommandSetup): void {
  const { terminal } = setup
  const command = withJson(withSources(program.command('maven-checksums [project]')))
    .summary("write Maven's trusted checksums")
    .description(
      `Write the summary files of Maven's trusted checksums, which Maven 3.9 and later checks. ${ABOUT_SOURCES}`,
    )
    .requiredOption('-o, --out <dir>', 'directory for checksums-<repository>.sha256')
    .option(
      '--id <name=id>',
      'what the build calls a repository (default: its name, and the id of "setup maven")',
      collect,
    )
    .option('--any-origin', 'one checksums.sha256 for whatever repository a file comes from')
  command.action(async (project: string | undefined) => {
    const flags = givenFlags(command)
    const ids = flags['anyOrigin'] === true ? undefined : readIds(flags['id'])
    const { files, ...list } = await exportSigned(setup, project, flags)
    const directory = resolve(String(flags['out']))
    await mkdir(directory, { recursive: true })
    const written = mavenChecksums(files, ids)
    for (const { name, text } of written) {
      await writeFileAtomically(join(directory, name), text, { mode: PUBLIC_FILE_MODE })
    }
    const names = written.map(({ name }) => join(directory, name))
    if (flags['json'] === true)
      sayJson(terminal, { files: files.length, ...leftOutOf(list), written: names })
    else say(terminal, describeMaven(names, { directory, isAnyOrigin: ids === undefined }))
  })
}

function describeMaven(
  names: readonly string[],
  { directory, isAnyOrigin }: { readonly directory: string; readonly isAnyOrigin: boolean },
): string {
  return [
    ...names.map((name) => `Wrote ${name}`),
    'Maven 3.9 and later checks them with:',
    '  -Daether.artifactResolver.postProcessor.trustedChecksums=true',
    '  -Daether.artifactResolver.postProcessor.trustedChecksums.checksumAlgorithms=SHA-256',
    '  -Daether.trustedChecksumsSource.summaryFile=true',
    `  -Daether.trustedChecksumsSource.summaryFile.basedir=${directory}`,
    ...(isAnyOrigin ? ['  -Daether.trustedChecksumsSource.summaryFile.originAware=false'] : []),
    'It takes a file that is not listed without a check. Where every file of a build is listed, its plugins too, end that with:',
    '  -Daether.artifactResolver.postProcessor.trustedChecksums.failIfMissing=true',
  ].join('\n')
}

function addGradleVerification(program: Command, setup: CommandSetup): void {
  const { terminal } = setup
  const command = withJson(
    withSources(program.command('gradle-verification [project]')),
    'print what was written as one JSON document',
  )
    .summary("write Gradle's verification-metadata.xml")
    .description(
      `Write a verification-metadata.xml, which Gradle 6.2 and later checks. ${ABOUT_SOURCES}`,
    )
    .option('-o, --out <file>', 'where to write it (default: standard output)')
  command.action(async (project: string | undefined) => {
    const flags = givenFlags(command)
    const { out } = flags
    if (flags['json'] === true && out === undefined) {
      throw new UsageError('Cannot print XML as JSON: name a file for it with --out')
    }
    const { files, ...list } = await exportSigned(setup, project, flags)
    const xml = gradleVerification(files)
    if (typeof out !== 'string') {
      terminal.out.write(xml)
      return
    }
    await writeFileAtomically(resolve(out), xml, { mode: PUBLIC_FILE_MODE })
    if (flags['json'] === true) {
      sayJson(terminal, { files: files.length, ...leftOutOf(list), written: [resolve(out)] })
    }
  })
}

function readIds(given: unknown): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, readonly string[]>()
  for (const text of Array.isArray(given) ? given.map(String) : []) {
    const [, name, id] = /^([^=]+)=([\w.-]+)$/.exec(text) ?? []
    if (name === undefined || id === undefined) {
      throw new UsageError(`Cannot use --id ${text}: NAME=ID is wanted, such as clojars=clojars`)
    }
    ids.set(name, [...(ids.get(name) ?? []), id])
  }
  return ids
}
