/**
 * Who may speak with the served host: whoever was given its address. The address carries a token once; the browser then
 * holds a cookie that no script sees and no other site can send. Names in the Host header are checked, so that a page of
 * another site cannot reach this machine under a name of its own (DNS rebinding), and origins, so that it cannot ask as us.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { randomBytes, timingSafeEqual } from 'node:crypto'

/** Why a request is refused, with the HTTP status. */
export interface Refusal {
  readonly status: 400 | 403 | 421
  readonly reason: string
}

const SECRET_BYTES = 32

/** Decides about every request of one server. */
export class Admission {
  /** what the printed address carries */
  readonly token = randomBytes(SECRET_BYTES).toString('base64url')
  readonly #session = randomBytes(SECRET_BYTES).toString('base64url')
  readonly #name: string

  /** @param name the name or address that the server was told to listen on */
  constructor(name: string) {
    this.#name = name.toLowerCase()
  }

  /** Whether the Host header is one that this server goes by; null when it is. */
  refuseHost(request: Pick<IncomingMessage, 'headers'>): Refusal | null {
    const host = hostName(request.headers.host)
    if (host === undefined) return { status: 400, reason: 'no Host header' }
    // an address cannot be rebound, only a name can; localhost never leaves the machine
    return host === 'localhost' || host === this.#name || isIP(host) !== 0 ? null : { status: 421, reason: 'this server does not go by that name' }
  }

  /** Whether a request comes from our own page or from nowhere; null when it may go on. */
  refuseOrigin(request: Pick<IncomingMessage, 'headers'>, options: { readonly required: boolean }): Refusal | null {
    const { origin, host } = request.headers
    const site = request.headers['sec-fetch-site']
    if (origin === undefined ? options.required : origin !== `http://${host}`) return { status: 403, reason: 'another site asked' }
    const navigation = !options.required && request.headers['sec-fetch-mode'] === 'navigate'
    return site === undefined || site === 'same-origin' || site === 'none' || navigation ? null : { status: 403, reason: 'another site asked' }
  }

  /** Whether the browser holds this server's cookie. */
  knows(request: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
    return cookies.some((cookie) => sameText(cookie, `${this.#cookieName(request)}=${this.#session}`))
  }

  /** Whether a token is this server's. */
  accepts(token: string | null): boolean {
    return token !== null && sameText(token, this.token)
  }

  /** The header that gives a browser the cookie. */
  cookie(request: Pick<IncomingMessage, 'socket'>): string {
    return `${this.#cookieName(request)}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** Cookies do not tell ports apart; two servers on one machine must not take each other's. */
  #cookieName({ socket }: Pick<IncomingMessage, 'socket'>): string {
    return `palimpsest-${socket.localPort ?? 0}`
  }
}

/** The name in a Host header, lower case, without port and brackets; undefined when it is none. */
export function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header ?? '')
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

/** Compares without telling by its time how much is equal. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
