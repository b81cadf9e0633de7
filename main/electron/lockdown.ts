/** What no page in any window may do, whatever is in it: leave, open, embed, ask for devices, or talk to the network. */
import type { Session, WebContents } from 'electron'
import { isOwnPage } from './assets.ts'

/** Sites a person may be sent to in their own browser: those that licences of models and of our parts point to. */
const LINKED_SITES = new Set(['huggingface.co', 'choosealicense.com', 'spdx.org', 'opensource.org', 'www.apache.org', 'creativecommons.org', 'www.gnu.org', 'github.com'])

/** Schemes a window may load from. `blob:` and `data:` are made in the page itself; `devtools:` exists while developing. */
const LOCAL_SCHEMES = new Set(['app:', 'media:', 'blob:', 'data:', 'devtools:'])

/** Writing to the clipboard is the one permission a page gets: Copy. Reading happens only through the paste event. */
const GRANTED = new Set(['clipboard-sanitized-write'])

/** Whether a link may be handed to the person's own browser: https, a known site, nothing hidden in it. */
export function isSafeLink(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname, port, username, password } = new URL(address)
  return protocol === 'https:' && port === '' && username === '' && password === '' && LINKED_SITES.has(hostname)
}

/** Whether a page may load an address at all. */
export function isLocalAddress(address: string): boolean {
  return URL.canParse(address) && LOCAL_SCHEMES.has(new URL(address).protocol)
}

/** Denies permissions, devices, downloads and every request that leaves the machine, for all pages of a session. */
export function lockSession(session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'webRequest' | 'on'>): void {
  session.setPermissionRequestHandler((contents, permission, answer) => answer(GRANTED.has(permission) && isOwnPage(contents.getURL())))
  session.setPermissionCheckHandler((_contents, permission, origin) => GRANTED.has(permission) && isOwnPage(origin))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isLocalAddress(details.url) }))
  session.on('will-download', (event) => event.preventDefault())
}

/** Keeps a page where it is; links to known sites go to the person's own browser. */
export function lockContents(contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>, openExternal: (address: string) => void): void {
  const stay = (event: { preventDefault(): void; url?: string }, address?: string): void => {
    if (!isOwnPage(event.url ?? address ?? '')) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (isSafeLink(url)) openExternal(url)
    return { action: 'deny' }
  })
}
