/** The served host's doors: who gets in, what is refused, and that nothing sent to it brings it down. */
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { encodeMessage } from '../../../../preload/contract/wire.ts'
import { Admission, hostName } from '../../../../main/serve/admission.ts'
import { hasScreen, openCommand } from '../../../../main/serve/openBrowser.ts'
import { type Served, serve } from '../../../../main/serve/server.ts'
import { readWindow } from '../../../../main/serve/windowFiles.ts'
import { scratchFolder } from '../../../support/hostRig.ts'
import { connectWire, cookieOf, openSocket, request } from '../../../support/wireClient.ts'

const folder = scratchFolder()
let served: Served
let url: string
let origin: string
const asked: [string, unknown][] = []
let emit: (event: string, data: unknown) => void = () => undefined

beforeAll(async () => {
  fs.mkdirSync(path.join(folder, 'window', 'assets'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'window', 'index.html'), '<html><head><title>x</title><script type="module" src="./assets/main-AbCd1234.js"></script></head></html>')
  fs.writeFileSync(path.join(folder, 'window', 'assets', 'main-AbCd1234.js'), 'main')
  fs.writeFileSync(path.join(folder, 'window', 'notes.md'), 'not a file of the window')
  fs.writeFileSync(path.join(folder, 'bridge.js'), 'bridge')
  fs.writeFileSync(path.join(folder, 'secret.js'), 'secret')
  served = await serve({
    address: '127.0.0.1', port: 0, version: '1', files: readWindow(path.join(folder, 'window'), path.join(folder, 'bridge.js')),
    host: {
      call: async (method, input) => {
        asked.push([method, input])
        return { ok: true, value: { method, input } }
      },
      onEvent: (listener) => {
        emit = listener
        return () => (emit = () => undefined)
      },
    },
  })
  url = served.url
  origin = new URL(url).origin
})
afterAll(() => served.close())

describe('the printed address', () => {
  it('lets a browser in once, with a cookie no script sees, and leaves no token behind', async () => {
    const { status, headers } = await request(url)
    expect(status).toBe(303)
    expect(headers.location).toBe('/')
    expect(headers['set-cookie']![0]).toMatch(/^palimpsest-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(new URL(url).searchParams.get('token')!.length).toBeGreaterThanOrEqual(43)
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it('with a wrong token, or without one, opens nothing', async () => {
    for (const path of ['/', '/?token=', `/?token=${'A'.repeat(43)}`, '/bridge.js', '/assets/main-AbCd1234.js']) expect([path, (await request(url, { path })).status]).toEqual([path, 403])
    expect((await request(url, { path: '/', headers: { cookie: `palimpsest-${served.port}=${'A'.repeat(43)}` } })).status).toBe(403)
  })
})

describe('files', () => {
  it('are those of the window, under a strict policy, the bridge before everything else', async () => {
    const cookie = await cookieOf(url)
    const page = await request(url, { path: '/', headers: { cookie } })
    expect(page.status).toBe(200)
    expect(page.body.indexOf('./bridge.js')).toBeLessThan(page.body.indexOf('main-AbCd1234.js'))
    expect(page.body).toMatch(/<script src="\.\/bridge\.js"><\/script>/)
    const policy = page.headers['content-security-policy']!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|\*/)
    expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'cache-control': 'no-store' })
    expect((await request(url, { path: '/bridge.js', headers: { cookie } })).body).toBe('bridge')
    expect((await request(url, { path: '/assets/main-AbCd1234.js', headers: { cookie } })).headers['cache-control']).toContain('immutable')
  })

  it('outside the window cannot be named in any spelling', async () => {
    const cookie = await cookieOf(url)
    const names = ['/../secret.js', '/..%2fsecret.js', '/%2e%2e/secret.js', '/assets/../../secret.js', '/assets/..\\..\\secret.js', '//etc/passwd', '/etc/passwd', '/notes.md', '/index.html', 'http://example.org/', '/%00', `/${'a'.repeat(5000)}`]
    for (const name of names) expect([name, [400, 404].includes((await request(url, { path: name, headers: { cookie } })).status)]).toEqual([name, true])
  })

  it('are given for GET and HEAD only', async () => {
    const cookie = await cookieOf(url)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) expect((await request(url, { path: '/', method, headers: { cookie } })).status).toBe(405)
    expect(await request(url, { path: '/', method: 'HEAD', headers: { cookie } })).toMatchObject({ status: 200, body: '' })
  })
})

describe('names and origins', () => {
  it('a name in the Host header that is not ours is refused: a page of another site cannot rebind its name', async () => {
    const cookie = await cookieOf(url)
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', 'xlocalhost']) {
      const { status } = await request(url, { headers: { host, cookie } })
      expect([host, [400, 421].includes(status)]).toEqual([host, true])
      expect(await openSocket(url, { host, cookie }, `http://${host}`)).not.toBeInstanceOf(Object)
    }
    for (const host of [`localhost:${served.port}`, '127.0.0.1:9000', '[::1]:9000']) expect((await request(url, { path: '/', headers: { host, cookie } })).status).toBe(200)
    expect([hostName('[::1]:80'), hostName('LocalHost'), hostName('a@b'), hostName(undefined)]).toEqual(['::1', 'localhost', undefined, undefined])
  })

  it('another origin is refused, with or without the cookie; so is a socket without an origin', async () => {
    const cookie = await cookieOf(url)
    for (const wrong of ['http://evil.example', 'null', `https://127.0.0.1:${served.port}`, 'http://127.0.0.1:1', `${origin}.evil.example`]) {
      expect(await openSocket(url, { cookie }, wrong)).toBe(403)
      expect((await request(url, { path: '/', headers: { cookie, origin: wrong } })).status).toBe(403)
    }
    expect(await openSocket(url, { cookie })).toBe(403)
    expect(await openSocket(url, {}, origin)).toBe(403)
    expect(await openSocket(url, { cookie: 'palimpsest-1=x' }, origin)).toBe(403)
    expect((await request(url, { path: '/bridge.js', headers: { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } })).status).toBe(403)
  })

  it('go by the address that was asked for', () => {
    const admission = new Admission('gpu-box')
    const ask = (host: string): number | undefined => admission.refuseHost({ headers: { host } })?.status
    expect([ask('gpu-box:80'), ask('10.0.0.7:80'), ask('other:80')]).toEqual([undefined, undefined, 421])
    expect([admission.accepts(null), admission.accepts(''), admission.accepts(admission.token)]).toEqual([false, false, true])
  })
})

describe('the socket', () => {
  it('greets, carries bytes both ways, and tells events', async () => {
    const client = await connectWire(url)
    const told = client.next('notice')
    const result = await client.result('tiles.read', { bytes: new Uint8Array([1, 2, 3]), $value: { $bytes: 0 } })
    expect(result).toEqual({ ok: true, value: { method: 'tiles.read', input: { bytes: new Uint8Array([1, 2, 3]), $value: { $bytes: 0 } } } })
    expect(client.received[0]).toMatchObject({ type: 'hello', contract: 1 })
    emit('notice', { id: 'n', level: 'info', message: 'hello', sticky: false, over: false })
    expect(await told).toMatchObject({ message: 'hello' })
    client.close()
  })

  it('is closed by whatever is no call, and the host goes on', async () => {
    const before = asked.length
    const cookie = await cookieOf(url)
    const torn = Buffer.from(encodeMessage({ type: 'call', id: 1, method: 'x', input: {} })).subarray(0, 9)
    const odd = [
      'text', Buffer.alloc(0), torn, Buffer.alloc(40, 0xff), Buffer.from(encodeMessage({ type: 'hello' })), Buffer.from(encodeMessage({ type: 'call', id: -1, method: 'x', input: {} })),
      Buffer.from(encodeMessage({ type: 'call', id: 1, method: 'x'.repeat(200), input: {} })), Buffer.from(encodeMessage({ type: 'call', id: 1, method: 'x', input: {}, more: 1 })), Buffer.from(encodeMessage([])),
    ]
    for (const message of odd) {
      const socket = (await openSocket(url, { cookie }, origin)) as WebSocket // the cookie and origin are right
      const closed = new Promise<number>((resolve) => socket.once('close', resolve))
      socket.resume()
      socket.send(message, { binary: typeof message !== 'string' })
      expect([String(message).slice(0, 20), await closed]).toEqual([String(message).slice(0, 20), 1007])
    }
    expect(asked.length).toBe(before)
    const client = await connectWire(url)
    expect((await client.result('app.info', {})).ok).toBe(true)
    client.close()
  })

  it('does not take a message longer than the limit', async () => {
    const cookie = await cookieOf(url)
    const socket = (await openSocket(url, { cookie }, origin)) as WebSocket // the cookie and origin are right
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    // a frame's head that announces 300 MB; none of them need to be sent
    socket.resume()
    const raw = (socket as unknown as { _socket: net.Socket })._socket // the one way to write a frame of our own
    const head = Buffer.alloc(14)
    head[0] = 0x82
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(300_000_000n, 2)
    raw.write(head)
    expect([1006, 1009]).toContain(await closed)
    expect((await request(url, { path: '/', headers: { cookie } })).status).toBe(200)
  })

  it('survives nonsense on the port', async () => {
    for (const text of ['\u0000\u0001\u0002', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'GET /bridge HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = net.connect(served.port, '127.0.0.1', () => socket.end(text))
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
        socket.resume()
      })
    }
    expect((await request(url)).status).toBe(303)
  })
})

describe('starting', () => {
  it('ends while a browser holds a connection on which it never asked for anything', async () => {
    const other = await serve({ address: '127.0.0.1', port: 0, version: '1', files: new Map(), host: { call: async () => ({ ok: true, value: null }), onEvent: () => () => undefined } })
    const spare = net.connect(other.port, '127.0.0.1')
    await new Promise((resolve) => spare.once('connect', resolve))
    await new Promise((resolve) => setTimeout(resolve, 50)) // the server has taken it too
    const gone = new Promise((resolve) => spare.once('close', resolve))
    await other.close()
    await gone
  }, 5000)

  it('on a port that is taken is refused in one sentence', async () => {
    await expect(serve({ address: '127.0.0.1', port: served.port, version: '1', files: new Map(), host: { call: async () => ({ ok: true, value: null }), onEvent: () => () => undefined } })).rejects.toMatchObject({ code: 'serve/port', exitCode: 2 })
  })

  it('without a built window says what to do', () => {
    expect(() => readWindow(path.join(folder, 'none'), path.join(folder, 'bridge.js'))).toThrow('npm run build')
  })

  it('opens a browser only where there is a screen', () => {
    expect([hasScreen({ DISPLAY: ':0' }, 'linux'), hasScreen({}, 'linux'), hasScreen({ DISPLAY: ':0', SSH_CONNECTION: 'x' }, 'linux'), hasScreen({}, 'darwin')]).toEqual([true, false, false, true])
    expect(openCommand('http://x/?a=1&b', 'win32').args.at(-1)).toBe('start "" "http://x/?a=1&b"')
    expect(openCommand('http://x', 'linux')).toEqual({ command: 'xdg-open', args: ['http://x'] })
  })
})
