import type { RepositoryStatus } from '@jarswarm/ports'
import type { NodeStatus, ProxiedStatus } from '../status.ts'
import { html, joinHtml, SafeHtml } from './html.ts'
import { clientSnippets } from './snippets.ts'
import { DASHBOARD_STYLE } from './style.ts'
import { formatCount, formatDuration, formatSize, formatTime } from './wording.ts'

const REFRESH_SECONDS = 30
// Not inside a template: white space around the style would change its digest.
const STYLE_ELEMENT = new SafeHtml(`<style>${DASHBOARD_STYLE}</style>`)

const FRESHNESS_WORDS: Readonly<Record<RepositoryStatus['freshness'], string>> = {
  fresh: 'Up to date',
  stale: 'No news for too long: releases are served as always, the newest may be missing',
  suspect: 'Too old to say what is newest: only releases are served',
  unknown: 'Waiting for the first head',
}

/** Where clients reach the endpoint, without trailing slash. */
export interface Addresses {
  readonly plain: string
  readonly secure: string | undefined
}

/** The dashboard page. Works without scripts; loads nothing from anywhere. */
export function dashboardPage(status: NodeStatus, addresses: Addresses): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="${REFRESH_SECONDS}" />
        <link rel="icon" href="data:," />
        <title>jarswarm</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <header>
            <h1>jarswarm</h1>
            <span class="soft"
              >${addresses.plain}${addresses.secure === undefined ? '' : ` · ${addresses.secure}`} ·
              version ${status.version} · up ${formatDuration(status.uptimeSeconds)}</span
            >
          </header>
          <div class="cards">
            ${repositories(status)} ${proxied(status)} ${store(status)} ${peers(status)}
            ${served(status)}
          </div>
          <h2>Point your build at this node</h2>
          ${instructions(status, addresses.plain)}
          <footer>
            <a href="/-/status">Status as JSON</a> · <a href="/-/metrics">Metrics</a> · node
            <code>${status.peerId}</code>
          </footer>
        </main>
      </body>
    </html> `
  return page.text
}

function repositories(status: NodeStatus): SafeHtml {
  if (status.repositories.length > 0) return joinHtml(status.repositories.map(repository))
  return html`<section class="card wide">
    <h3>No ${status.proxied === undefined ? '' : 'signed '}repository yet</h3>
    <p>Join one with its link: <code>jarswarm start --join LINK</code></p>
  </section>`
}

function proxied(status: NodeStatus): SafeHtml {
  return joinHtml((status.proxied ?? []).map(proxiedRepository))
}

function proxiedRepository({
  name,
  origin,
  receivedBytes,
  fromLanBytes,
  served,
}: ProxiedStatus): SafeHtml {
  return html`<section class="card wide">
    <div class="title">
      <h3>${name}</h3>
      <span class="state">Passed on from its origin: nobody signed it</span>
    </div>
    <dl>
      <dt>Origin</dt>
      <dd>${origin}</dd>
      <dt>Checked against</dt>
      <dd>the checksums that the origin itself states</dd>
      <dt>Served</dt>
      <dd>${formatCount(served.requests)} requests, ${formatSize(served.bytes)}</dd>
      <dt>Files</dt>
      <dd>
        ${formatCount(served.bySource.store)} from the store, ${formatCount(served.bySource.peer)}
        from the LAN, ${formatCount(served.bySource.origin)} from the origin
      </dd>
      <dt>Downloaded</dt>
      <dd>
        ${formatSize(receivedBytes)} from the origin, ${formatSize(fromLanBytes)} from the LAN
      </dd>
    </dl>
  </section>`
}

function withdrawn(status: RepositoryStatus['withdrawn']): SafeHtml {
  if (status === undefined || status.count === 0) return html``
  const list = status.files.map(({ path, reason, servedAt }) => {
    if (servedAt === null) return html``
    const { first, last } = servedAt
    const when = first === last ? formatTime(first) : `${formatTime(first)} to ${formatTime(last)}`
    return html`<br /><code>${path}</code>: ${reason ?? 'no reason given'} (got ${when})`
  })
  const got = status.files.some(({ servedAt }) => servedAt !== null)
  return html`<dt>Withdrawn</dt>
    <dd>
      ${formatCount(status.count)}
      ${status.count === 1 ? 'file' : 'files'}${got ? '; your builds got from this node:' : ''}
      ${joinHtml(list)}
    </dd>`
}

function repository(status: RepositoryStatus): SafeHtml {
  const { name, freshness, index } = status
  return html`<section class="card wide">
    <div class="title">
      <h3><a href="/${encodeURIComponent(name)}/">${name}</a></h3>
      <span class="state ${freshness}">${FRESHNESS_WORDS[freshness]}</span>
    </div>
    <dl>
      ${head(status.head)} ${observed(status.observed)}
      <dt>Index</dt>
      <dd>
        ${index.complete ? 'complete' : 'still arriving'}, ${formatCount(index.files)} files here
      </dd>
      ${withdrawn(status.withdrawn)} ${donation(status.donation)}
      <dt>Primary</dt>
      <dd>${status.origin ?? 'unknown'}</dd>
      <dt>Repository id</dt>
      <dd><code>${status.id}</code></dd>
    </dl>
  </section>`
}

function donation(status: RepositoryStatus['donation']): SafeHtml {
  if (status === undefined) return html``
  const { donatedBytes, usedBytes, slices, donors, copies } = status
  return html`<dt>Donated</dt>
    <dd>
      ${formatSize(usedBytes)} of ${formatSize(donatedBytes)} used for ${formatCount(slices)} of its
      parts, beside ${formatCount(donors)} other donors; every file is held at least ${copies.least}
      times of ${copies.wanted}
    </dd>`
}

function observed(url: string | null): SafeHtml {
  if (url === null) return html``
  return html`<dt>Observed</dt>
    <dd>signed by someone who saw these bytes at ${url}, not by its operator</dd>`
}

function head(status: RepositoryStatus['head']): SafeHtml {
  if (status === null)
    return html`<dt>Head</dt>
      <dd>none yet</dd>`
  return html`<dt>Head</dt>
    <dd>number ${formatCount(status.seq)}, published ${formatDuration(status.ageSeconds)} ago</dd>
    <dt>Content</dt>
    <dd>${formatCount(status.files)} files, ${formatSize(status.bytes)}</dd>`
}

function store(status: NodeStatus): SafeHtml {
  const { blobs, bytes, quotaBytes } = status.store
  return html`<section class="card">
    <h3>Store</h3>
    <p>
      <progress max="${Math.max(1, quotaBytes)}" value="${Math.min(bytes, quotaBytes)}">
        ${formatSize(bytes)}
      </progress>
    </p>
    <p>${formatSize(bytes)} of ${formatSize(quotaBytes)}</p>
    <p class="soft">${formatCount(blobs)} files kept, each compared with its digest</p>
  </section>`
}

function peers(status: NodeStatus): SafeHtml {
  const { connected, known } = status.peers
  return html`<section class="card">
    <h3>Peers</h3>
    <dl>
      <dt>Connected</dt>
      <dd>${formatCount(connected)}</dd>
      <dt>Known</dt>
      <dd>${formatCount(known)}</dd>
    </dl>
  </section>`
}

function served(status: NodeStatus): SafeHtml {
  const { requests, bytes, bySource } = status.served
  return html`<section class="card">
    <h3>Served</h3>
    <p>${formatCount(requests)} requests, ${formatSize(bytes)}</p>
    <dl>
      <dt>From the store</dt>
      <dd>${formatCount(bySource.store)}</dd>
      <dt>From peers</dt>
      <dd>${formatCount(bySource.peer)}</dd>
      <dt>From mirrors</dt>
      <dd>${formatCount(bySource.mirror)}</dd>
      <dt>From the primary</dt>
      <dd>${formatCount(bySource.origin)}</dd>
    </dl>
  </section>`
}

function instructions(status: NodeStatus, address: string): SafeHtml {
  const { repositories: signed, proxied: unsigned = [] } = status
  if (signed.length + unsigned.length === 0)
    return html`<p class="soft">Instructions appear here with the first repository.</p>`
  return joinHtml([
    html`<p>
      <code>jarswarm setup lein</code> (or boot, clj, maven, gradle) does it, and
      <code>--undo</code> takes it back. With <code>--as clojars,central</code> the node stands for
      both. By hand:
    </p>`,
    ...[...signed, ...unsigned].map(({ name }) => repositoryInstructions(name, address)),
  ])
}

function repositoryInstructions(name: string, address: string): SafeHtml {
  const snippets = clientSnippets(address, name).map(
    ({ tool, where, text }) =>
      html`<p><strong>${tool}</strong> <span class="soft">in ${where}</span></p>
        <pre>${text}</pre>`,
  )
  return html`<details class="card" open>
    <summary>${name}</summary>
    ${joinHtml(snippets)}
  </details>`
}
