import type { Command } from 'commander'
import type { CommandSetup } from '../command-setup.ts'
import { addRepoApplyRoot } from './repo-apply-root.ts'
import { addRepoBootstrap } from './repo-bootstrap.ts'
import { addRepoInit } from './repo-init.ts'
import { addRepoKey } from './repo-key.ts'
import { addRepoKeys } from './repo-keys.ts'
import { addRepoMirrors } from './repo-mirrors.ts'
import { addRepoPublish } from './repo-publish.ts'
import { addRepoRevoke } from './repo-revoke.ts'
import { addRepoRotate } from './repo-rotate.ts'
import { addRepoServe } from './repo-serve.ts'
import { addRepoSignRoot } from './repo-sign-root.ts'
import { addRepoTimestamp } from './repo-timestamp.ts'
import { addRepoWithdraw } from './repo-withdraw.ts'

const ABOUT = `Publish a Maven repository of your own: make its keys once, publish the tree whenever it
changed, and let any web server, or "repo serve", give it out.

Keys change by a new root: "rotate", "revoke" or "bootstrap" propose it, its holders sign it
with "sign-root" on machines of their own, and "apply-root" puts it in force.`

/** `jarswarm repo`: what the operator of a repository needs. */
export function addRepo(program: Command, setup: CommandSetup): void {
  const repo = program
    .command('repo')
    .summary('publish a repository of your own, and keep its keys')
    .description(ABOUT)
    .helpCommand(false)
  addRepoInit(repo, setup)
  addRepoPublish(repo, setup)
  addRepoServe(repo, setup)
  addRepoTimestamp(repo, setup)
  addRepoWithdraw(repo, setup)
  addRepoMirrors(repo, setup)
  addRepoKeys(repo, setup)
  addRepoKey(repo, setup)
  addRepoRotate(repo, setup)
  addRepoRevoke(repo, setup)
  addRepoBootstrap(repo, setup)
  addRepoSignRoot(repo, setup)
  addRepoApplyRoot(repo, setup)
}
