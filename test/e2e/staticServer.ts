/** Serves one folder over loopback for a test. */
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import type { AddressInfo } from 'node:net'

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png', '.svg': 'image/svg+xml' }

/** A running server; `url` ends without a slash. */
export interface StaticServer {
  readonly url: string
  close(): Promise<void>
}

/** Starts a server for a folder. Paths outside of it are refused. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const server = http.createServer((request, response) => {
    const wanted = path.join(folder, decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname))
    const file = wanted.endsWith(path.sep) ? path.join(wanted, 'index.html') : wanted
    if (!file.startsWith(folder) || !fs.existsSync(file)) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' })
    fs.createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(() => resolve())) }
}
