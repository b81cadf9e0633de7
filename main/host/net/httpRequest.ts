/** One GET request with its redirects, over node:http and node:https, through a proxy where one is set. */
import http from 'node:http'
import https from 'node:https'
import { EngineError, failed } from '../../engine/errors.ts'

/** How to send; times in milliseconds. */
export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** URL of an HTTP proxy; empty for the proxy variables of the environment */
  readonly proxy: string
  /** told the host before each hop; may throw to refuse it */
  readonly onHop: (host: string) => void
  /** longest silence, before the answer and within it */
  readonly silenceMs?: number
}

/** The head of an answer; the body is read from `body`, or dropped with `body.destroy()`. */
export interface NetAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: http.IncomingMessage
  /** where the redirects led */
  readonly address: string
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MOST_HOPS = 6
const SILENCE_MS = 30_000

/**
 * Sends the request; resolves when the head of the last answer has come.
 * @throws EngineError download/bad-address, download/redirects (exit 2 and 1), download/unreachable, or what `onHop` threw
 */
export async function sendRequest(address: string, options: SendOptions): Promise<NetAnswer> {
  let url = parseAddress(address)
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    options.onHop(url.host)
    const body = await sendOnce(url, options)
    const status = body.statusCode ?? 0
    const location = body.headers.location
    if (!REDIRECTS.has(status) || location === undefined) return { status, headers: body.headers, body, address: url.href }
    body.destroy()
    const next = parseAddress(new URL(location, url).href)
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw failed('download/redirects', `${url.host}: expected to be led to another https address, found ${next.protocol}//${next.host}; the download was stopped, since anybody on the way could change it.`)
    }
    url = next
  }
  throw failed('download/redirects', `${new URL(address).host}: expected a file after at most ${MOST_HOPS} redirects, found one more; try another mirror.`)
}

function sendOnce(url: URL, options: SendOptions): Promise<http.IncomingMessage> {
  const secure = url.protocol === 'https:'
  const { signal } = options
  const silence = options.silenceMs ?? SILENCE_MS
  const agentOptions = { keepAlive: false, proxyEnv: proxyEnvironment(options.proxy) }
  const agent = secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions)
  return new Promise((resolve, reject) => {
    // a body that is gzipped has neither the length nor the sum that the hub tells
    const headers = { 'user-agent': 'palimpsest', 'accept-encoding': 'identity', ...options.headers }
    const request = (secure ? https : http).get(url, { agent, headers, ...(signal ? { signal } : {}) }, resolve)
    request.setTimeout(silence, () => request.destroy(new Error(`no word for ${Math.round(silence / 1000)} s`)))
    request.on('error', (error) => reject(signal?.aborted && signal.reason instanceof Error ? signal.reason : unreachable(url, error)))
  })
}

/** What Node's agent takes for a proxy: the setting when there is one, else the environment's variables. */
function proxyEnvironment(proxy: string): NodeJS.ProcessEnv {
  if (proxy === '') return process.env
  return { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: '' }
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new EngineError('download/bad-address', `${address}: expected an address that starts with https://, found something else; check the mirror in the settings.`, { exitCode: 2 })
}

function unreachable(url: URL, error: Error): EngineError {
  if (error instanceof EngineError) return error
  const code = (error as NodeJS.ErrnoException).code
  const found = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'no such address' : code === 'ECONNREFUSED' ? 'nobody answering' : error.message || code || 'a lost connection'
  return new EngineError('download/unreachable', `${url.host}: expected an answer, found ${found}; check the network, the proxy and the mirror in the settings.`, {
    exitCode: 1, details: { host: url.host, ...(code === undefined ? {} : { code }) }, cause: error,
  })
}
