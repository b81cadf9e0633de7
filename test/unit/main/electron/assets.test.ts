import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTENT_SECURITY_POLICY, findAsset, isOwnPage, serveAsset } from '../../../../main/electron/assets.ts'
import { mediaCall, serveMedia } from '../../../../main/electron/media.ts'

let folder = ''
let root = ''
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-assets-'))
  root = path.join(folder, 'renderer')
  fs.mkdirSync(path.join(root, 'assets'), { recursive: true })
  fs.mkdirSync(path.join(folder, 'renderer-secrets'))
  for (const name of ['index.html', 'assets/main.js', 'assets/main.js.map', 'assets/notes.txt', '../secret.json', '../renderer-secrets/a.json', 'assets/a b.css']) fs.writeFileSync(path.join(root, name), name)
  fs.symlinkSync(path.join(folder, 'secret.json'), path.join(root, 'link.json'))
  fs.symlinkSync(folder, path.join(root, 'up'))
  fs.symlinkSync(path.join(root, 'index.html'), path.join(root, 'inner.html'))
  fs.mkdirSync(path.join(root, 'folder.js'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

describe('files of the window', () => {
  it.each([['index.html', 'text/html; charset=utf-8'], ['assets/main.js', 'text/javascript; charset=utf-8'], ['assets/a%20b.css?v=1#x', 'text/css; charset=utf-8'], ['inner.html', 'text/html; charset=utf-8']])('serves %s', async (name, type) => {
    expect(await findAsset(root, `app://editor/${name}`)).toMatchObject({ type })
  })

  it.each([
    'app://editor/../secret.json', 'app://editor/%2e%2e/secret.json', 'app://editor/..%2fsecret.json', 'app://editor/%2e%2e%2fsecret.json', 'app://editor/..%5csecret.json', 'app://editor/assets/..%2f..%2fsecret.json',
    'app://editor/%252e%252e%252fsecret.json', 'app://editor/..%2frenderer-secrets%2fa.json', 'app://editor/link.json', 'app://editor/up/secret.json', 'app://editor/index.html%00.js', 'app://editor/%E0%A4%A', 'app://editor/',
    'app://editor/folder.js', 'app://editor/assets/main.js.map', 'app://editor/assets/notes.txt', 'app://editor/nothing.js', 'app://editor/%2fetc%2fpasswd', 'app://editor/C:%5cwindows%5cwin.json',
    'app://other/index.html', 'app://editor.evil/index.html', 'app://user@editor/index.html', 'http://editor/index.html', 'file:///etc/passwd', 'nonsense',
  ])('refuses %s', async (address) => {
    const asset = await findAsset(root, address)
    expect(asset).toHaveProperty('status')
    expect((asset as { status: number }).status).toBeGreaterThanOrEqual(400)
  })

  it('refuses every method that is no reading', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) expect(await findAsset(root, 'app://editor/index.html', method)).toEqual({ status: 405 })
    expect(await (await serveAsset(root, { url: 'app://editor/index.html', method: 'HEAD' })).text()).toBe('')
  })

  it('puts the policy on everything, refusals too', async () => {
    for (const name of ['index.html', '..%2fsecret.json']) {
      const answer = await serveAsset(root, { url: `app://editor/${name}`, method: 'GET' })
      expect(answer.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('knows its own page', () => {
    expect(isOwnPage('app://editor/index.html#x')).toBe(true)
    expect(['app://editor@evil/', 'app://evil/editor', 'https://editor/', 'about:blank', '', 'data:text/html,x'].some(isOwnPage)).toBe(false)
  })
})

describe('stored pictures', () => {
  const key = 'AbCdEf12_-34567'
  it('are read through the host by their key, as it is written', async () => {
    const asked: unknown[] = []
    const answer = await serveMedia({ url: `media://stored/${key}?project=prj_0123456789abcdefGH`, method: 'GET' }, (method, input) => {
      asked.push([method, input])
      return Promise.resolve({ ok: true, value: { bytes: new Uint8Array([1, 2]), media: 'image/png' } })
    })
    expect(asked).toEqual([['media.read', { key, project: 'prj_0123456789abcdefGH' }]])
    expect([answer.headers.get('content-type'), new Uint8Array(await answer.arrayBuffer())]).toEqual(['image/png', new Uint8Array([1, 2])])
  })

  it('are never anything a page could run', async () => {
    const answer = await serveMedia({ url: `media://stored/${key}`, method: 'GET' }, () => Promise.resolve({ ok: true, value: { bytes: new Uint8Array(1), media: 'text/html' } }))
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  })

  it.each(['media://stored/short', 'media://stored/../../etc/passwd', 'media://stored/a%2fb%2fcdefghij', `media://other/${key}`, `media://stored/${key}/more`, `media://stored/${key}?project=1`, `app://stored/${key}`, 'x'])('refuse %s without asking the host', async (url) => {
    expect(mediaCall(url)).toBeUndefined()
    const answer = await serveMedia({ url, method: 'GET' }, () => Promise.reject(new Error('asked')))
    expect(answer.status).toBe(400)
  })

  it('answer 404 for a key the host does not know', async () => {
    const error = { code: 'x', message: 'x', exitCode: 2 as const, details: {} }
    expect((await serveMedia({ url: `media://stored/${key}`, method: 'GET' }, () => Promise.resolve({ ok: false, error }))).status).toBe(404)
  })
})
