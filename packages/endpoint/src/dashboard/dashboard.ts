import { createHash } from 'node:crypto'
import type { Answer } from '../answer.ts'
import { toAnswer } from '../answer.ts'
import type { NodeStatus } from '../status.ts'
import { dashboardPage } from './page.ts'
import { DASHBOARD_STYLE } from './style.ts'

export interface DashboardComponents {
  readonly status: () => NodeStatus
  /** The endpoint's own address, for the instructions. */
  readonly address: () => string
  /** Its address over TLS, if it has one. */
  readonly secureAddress: () => string | undefined
}

/** The page at `/`. It only shows: there is nothing on it that changes anything. */
export class Dashboard {
  readonly #components: DashboardComponents
  readonly #headers: Readonly<Record<string, string>>

  constructor(components: DashboardComponents) {
    this.#components = components
    this.#headers = {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': securityPolicy(),
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
    }
  }

  answer(): Answer {
    const { status, address, secureAddress } = this.#components
    const addresses = { plain: address(), secure: secureAddress() }
    return toAnswer(200, this.#headers, dashboardPage(status(), addresses))
  }
}

/** Nothing is allowed but the page's own style, known by its digest. */
function securityPolicy(): string {
  const styleDigest = createHash('sha256').update(DASHBOARD_STYLE).digest('base64')
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleDigest}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
