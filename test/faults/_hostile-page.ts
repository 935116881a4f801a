import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

const PAGE = readFileSync(new URL('./_hostile-page.html', import.meta.url))
/** Where the page stands; the name that is bound to another address once the page is loaded. */
export const EVIL_HOST = 'evil.example'
/** Where it listens: a loopback address at which no node does. */
const EVIL_ADDRESS = '127.0.0.2'

/** What the page got out of one attempt. */
export interface Attempt {
  readonly what: string
  /** How it ended, in the words of the browser. */
  readonly outcome: string
  /** All that the page could read. */
  readonly read: string
}

export interface HostilePageInit {
  /** Of the node. */
  readonly port: number
  /** URLs to attack. */
  readonly targets: readonly string[]
}

/**
 * A web site that attacks the node of whoever looks at it.
 *
 * It listens on the port of the node, at another loopback address, and passes on to the node what the page asks of its own
 * origin: just what the node sees when the name of the site is bound to the node's address after the page was loaded.
 */
export class HostilePage {
  /** Statuses with which the node answered what was passed on. */
  readonly passed: number[] = []
  readonly #server: Server
  readonly #init: HostilePageInit
  readonly #report = Promise.withResolvers<readonly Attempt[]>()

  private constructor(init: HostilePageInit) {
    this.#init = init
    this.#server = createServer((asked, answer) => {
      void this.#answer(asked, answer)
    })
    // A WebSocket is asked for as anything else.
    this.#server.on('upgrade', (asked: IncomingMessage) => {
      void this.#answer(asked, undefined)
    })
  }

  static async serve(init: HostilePageInit): Promise<HostilePage> {
    const page = new HostilePage(init)
    page.#server.listen(init.port, EVIL_ADDRESS)
    await once(page.#server, 'listening')
    return page
  }

  /** What a browser is told, so that the name leads here. */
  get resolverRules(): string {
    return `MAP ${EVIL_HOST} ${EVIL_ADDRESS}`
  }

  get url(): string {
    return `http://${EVIL_HOST}:${String(this.#init.port)}/page`
  }

  /** What the page says that it got. */
  get report(): Promise<readonly Attempt[]> {
    return this.#report.promise
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse | undefined): Promise<void> {
    switch (asked.url ?? '') {
      case '/page':
        answer?.setHeader('Content-Type', 'text/html')
        answer?.end(PAGE)
        return
      case '/targets':
        answer?.end(JSON.stringify(this.#init.targets))
        return
      case '/report':
        this.#report.resolve(JSON.parse(await readText(asked)) as readonly Attempt[])
        answer?.end()
        return
      default:
        this.#passOn(asked, answer)
    }
  }

  /** As the browser sent it, to the node. */
  #passOn(asked: IncomingMessage, answer: ServerResponse | undefined): void {
    const { method, url: path, headers } = asked
    const { port } = this.#init
    const passed = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      this.passed.push(response.statusCode ?? 0)
      if (answer === undefined) asked.socket.destroy()
      answer?.writeHead(response.statusCode ?? 0, response.headers)
      if (answer !== undefined) response.pipe(answer)
    })
    passed.on('error', () => answer?.destroy())
    asked.pipe(passed)
  }
}

async function readText(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
