import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '../_wait-for.ts'

const PROGRAM = '/usr/sbin/nginx'

/** Whether nginx is installed, and the Debian package it comes in. */
export const missingNginx: string | undefined = existsSync(PROGRAM)
  ? undefined
  : 'nginx is not installed (apt-get install nginx-light)'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export interface Nginx {
  /** With a trailing slash. */
  readonly url: string
  stop(): Promise<void>
}

/** Serve a tree by nginx on the loopback, as one would serve a mirror. */
export async function startNginx(
  tree: string,
  folder: string,
  { workers = 'auto' }: { readonly workers?: number | 'auto' } = {},
): Promise<Nginx> {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(
    configuration,
    `daemon off; user root; worker_processes ${String(workers)}; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 512; }
     http { sendfile on; tcp_nopush on; access_log off; client_body_temp_path ${folder}/body;
       proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       server { listen 127.0.0.1:${String(port)}; root ${tree}; } }`,
  )
  const child = spawn(PROGRAM, ['-p', folder, '-c', configuration], { stdio: 'inherit' })
  const gone = once(child, 'exit')
  const url = `http://127.0.0.1:${String(port)}/`
  await waitFor('nginx', () =>
    fetch(url).then(
      async (response) => {
        await response.body?.cancel()
        return true
      },
      () => undefined,
    ),
  )
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await gone
    },
  }
}
