import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { addRepoInit } from './repo-init.ts'
import { addRepoPublish } from './repo-publish.ts'
import { addRepoServe } from './repo-serve.ts'

const ABOUT = `Publish a Maven repository of your own: make its keys once, publish the tree whenever it
changed, and let any web server, or "repo serve", give it out.`

/** `jarswarm repo`: what the operator of a repository needs. */
export function addRepo(program: Command, setup: CommandSetup): void {
  const repo = program
    .command('repo')
    .summary('publish a repository of your own: init, publish, serve')
    .description(ABOUT)
    .helpCommand(false)
  addRepoInit(repo, setup)
  addRepoPublish(repo, setup)
  addRepoServe(repo, setup)
}
