/** `app://editor/...`: the built window, read from one folder and nothing else; and the policy the window lives under. */
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/** Scheme and host of the window's page. */
export const APP_SCHEME = 'app'
/** See {@link APP_SCHEME}. */
export const APP_HOST = 'editor'
/** Address of the window's page. */
export const APP_PAGE = `${APP_SCHEME}://${APP_HOST}/index.html`

/** Everything the page may load comes from this program; nothing in it runs that was not shipped. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' media: blob: data:",
  "font-src 'self'",
  "connect-src 'self' media:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Headers of everything the window loads. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), bluetooth=()',
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.webp': 'image/webp', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.wasm': 'application/wasm',
}

// the callback form: Electron teaches it to look into the asar archive
const realpath = promisify(fs.realpath)

/** A file of the window, or the status that refuses it. */
export type Asset = { readonly file: string; readonly type: string } | { readonly status: 400 | 403 | 404 | 405 }

/** Whether an address is of our own page. `URL.origin` is "null" for schemes of our own, so it is compared in parts. */
export function isOwnPage(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, host, username, password } = new URL(address)
  return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === '' && password === ''
}

/**
 * The file that a request of the window names. Refused: other hosts and methods, names that leave the folder in any
 * spelling, links that lead out of it, and kinds of file the window has no use for.
 */
export async function findAsset(root: string, address: string, method = 'GET'): Promise<Asset> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405 }
  if (!isOwnPage(address)) return { status: 403 }
  let name: string
  try {
    name = decodeURIComponent(new URL(address).pathname)
  } catch {
    return { status: 400 }
  }
  if (/[\0\\%]/.test(name)) return { status: 400 } // no file of ours is called so: a separator of Windows, or encoded twice
  const file = path.resolve(root, `.${name}`)
  const type = TYPES[path.extname(file).toLowerCase()]
  if (!isInside(root, file) || type === undefined) return { status: 403 }
  try {
    const [realRoot, realFile] = await Promise.all([realpath(root), realpath(file)])
    if (!isInside(realRoot, realFile)) return { status: 403 }
    return (await fs.promises.stat(realFile)).isFile() ? { file: realFile, type } : { status: 404 }
  } catch {
    return { status: 404 }
  }
}

/** Answers a request of the window for one of its files. */
export async function serveAsset(root: string, request: { readonly url: string; readonly method: string }): Promise<Response> {
  const asset = await findAsset(root, request.url, request.method)
  if ('status' in asset) return new Response(null, { status: asset.status, headers: { ...SECURITY_HEADERS } })
  const body = request.method === 'HEAD' ? null : await fs.promises.readFile(asset.file)
  return new Response(body, { headers: { ...SECURITY_HEADERS, 'Content-Type': asset.type } })
}

function isInside(root: string, file: string): boolean {
  const relative = path.relative(root, file)
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
}
