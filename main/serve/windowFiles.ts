/** The built window: the files that lay in its folder when the server began, and nothing else. */
import fs from 'node:fs'
import path from 'node:path'
import { failed } from '../engine/errors.ts'

/** A file as it is served. */
export interface WindowFile {
  readonly bytes: Buffer
  readonly type: string
  /** its name changes with its bytes, so it may be kept for ever */
  readonly lasting: boolean
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.webp': 'image/webp', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.wasm': 'application/wasm',
}
/** Where the page finds the bridge. */
export const BRIDGE_PATH = '/bridge.js'

/**
 * Reads the window: an allow-list by path, so that no request names a file of the disk.
 * @param folder what `vite build` wrote
 * @param bridge the bundle of the browser bridge
 * @throws EngineError serve/not-built when there is no window yet
 */
export function readWindow(folder: string, bridge: string): ReadonlyMap<string, WindowFile> {
  const page = path.join(folder, 'index.html')
  for (const file of [page, bridge]) if (!fs.existsSync(file)) throw failed('serve/not-built', `The window has not been built yet (${path.basename(file)} is missing); run "npm run build" first.`)
  const files = new Map<string, WindowFile>()
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const type = TYPES[path.extname(entry.name).toLowerCase()]
    if (!entry.isFile() || type === undefined) continue
    const file = path.join(entry.parentPath, entry.name)
    const name = `/${path.relative(folder, file).split(path.sep).join('/')}`
    files.set(name, { bytes: fs.readFileSync(file), type, lasting: /-[\w-]{8,}\.\w+$/.test(entry.name) })
  }
  const html = withBridge(fs.readFileSync(page, 'utf8'))
  files.set('/', { bytes: Buffer.from(html), type: TYPES['.html']!, lasting: false })
  files.delete('/index.html')
  files.set(BRIDGE_PATH, { bytes: fs.readFileSync(bridge), type: TYPES['.js']!, lasting: false })
  return files
}

/** Puts the bridge before the first script: it runs while the page is read, the window's own module after. */
function withBridge(html: string): string {
  const icon = /rel="icon"/.test(html) ? '' : '<link rel="icon" href="data:," />\n    ' // a browser asks for one otherwise
  return html.replace(/<script|<\/head>/, (first) => `${icon}<script src=".${BRIDGE_PATH}"></script>\n    ${first}`)
}
