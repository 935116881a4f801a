import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../_free-port.ts'
import type { Host } from '../_namespaces.ts'
import { waitFor } from '../_wait-for.ts'

const PROGRAM = '/usr/sbin/nginx'

/** Whether nginx is installed, and the Debian package it comes in. */
export const missingNginx: string | undefined = existsSync(PROGRAM)
  ? undefined
  : 'nginx is not installed (apt-get install nginx-light)'

export interface Nginx {
  /** With a trailing slash. */
  readonly url: string
  stop(): Promise<void>
}

export interface NginxInit {
  readonly workers?: number | 'auto'
  /** Where it runs. @defaultValue the loopback of this process's namespace */
  readonly host?: Pick<Host, 'namespace' | 'address'>
  /** What else stands in the `http` block. */
  readonly http?: string
  /** What answers requests, in the `server` block. @defaultValue the files of the tree */
  readonly server?: string
}

/** Serve a tree by nginx, as one would serve a mirror. */
export async function startNginx(
  tree: string,
  folder: string,
  { workers = 'auto', host, http = '', server = `root ${tree};` }: NginxInit = {},
): Promise<Nginx> {
  const address = `${host?.address ?? '127.0.0.1'}:${String(await freePort())}`
  mkdirSync(folder, { recursive: true })
  const configuration = join(folder, 'nginx.conf')
  const pid = join(folder, 'pid')
  writeFileSync(
    configuration,
    `daemon off; user root; worker_processes ${String(workers)}; pid ${pid}; error_log ${folder}/error.log;
     events { worker_connections 512; }
     http { sendfile on; tcp_nopush on; access_log off; client_body_temp_path ${folder}/body;
       proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       ${http}
       server { listen ${address}; ${server} } }`,
  )
  const args = ['-p', folder, '-c', configuration]
  const child =
    host === undefined
      ? spawn(PROGRAM, args, { stdio: 'inherit' })
      : spawn('ip', ['netns', 'exec', host.namespace, PROGRAM, ...args], { stdio: 'inherit' })
  const gone = once(child, 'exit')
  // It writes that once it listens.
  await waitFor('nginx', () => (existsSync(pid) ? true : undefined))
  return {
    url: `http://${address}/`,
    stop: async () => {
      child.kill('SIGTERM')
      await gone
    },
  }
}
