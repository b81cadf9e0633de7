import { describe, expect, it } from 'vitest'
import { failed } from '../../../../main/engine/errors.ts'
import { type ShellHost, serveShell } from '../../../../main/host/shellChannel.ts'
import type { FromShellHost, ToShellHost } from '../../../../main/host/shellMessages.ts'

/** A host without anything behind it, and the messages that went each way. */
function connect(host: Partial<ShellHost> = {}): { sent: FromShellHost[]; say(message: ToShellHost): Promise<FromShellHost>; tell: (event: string, data: unknown) => void; ended: () => boolean } {
  const sent: FromShellHost[] = []
  let listen: (message: ToShellHost) => void = () => undefined
  let tell: (event: string, data: unknown) => void = () => undefined
  let ended = false
  serveShell({
    call: async (method, input) => ({ ok: true, value: { method, input } }),
    onEvent: (listener) => {
      tell = listener
      return () => undefined
    },
    registerFile: async (path) => ({ file: 'fil_0123456789abcdef', name: path, bytes: 1, folder: false }),
    registerTarget: async (path) => ({ target: 'tgt_0123456789abcdef', name: path, download: false }),
    targetPath: () => '/out.png',
    close: async () => undefined,
    ...host,
  }, { send: (message) => void sent.push(message), onMessage: (listener) => void (listen = listener), end: () => void (ended = true) }, '1.2.3')
  return {
    sent, ended: () => ended,
    tell: (event, data) => tell(event, data),
    say: async (message) => {
      listen(message)
      for (;;) {
        const answer = sent.find((each) => 'id' in each && each.id === message.id)
        if (answer) return answer
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
  }
}

describe('the channel between shell and host', () => {
  it('greets with the contract it speaks, then answers calls and passes events on', async () => {
    const { sent, say, tell } = connect()
    expect(sent[0]).toEqual({ type: 'hello', contract: 1, version: '1.2.3' })
    expect(await say({ type: 'call', id: 1, method: 'app.info', input: { a: 1 } })).toEqual({ type: 'answer', id: 1, result: { ok: true, value: { method: 'app.info', input: { a: 1 } } } })
    tell('notice', { id: 'n' })
    expect(sent.at(-1)).toEqual({ type: 'event', event: 'notice', data: { id: 'n' } })
  })

  it('answers what only the shell may ask', async () => {
    const { say } = connect()
    expect(await say({ type: 'shell', id: 1, method: 'registerFile', input: { path: '/a.png' } })).toMatchObject({ type: 'shellAnswer', result: { ok: true, value: { name: '/a.png' } } })
    expect(await say({ type: 'shell', id: 2, method: 'registerTarget', input: { path: '/b.png' } })).toMatchObject({ result: { ok: true, value: { target: 'tgt_0123456789abcdef' } } })
    expect(await say({ type: 'shell', id: 3, method: 'targetPath', input: { target: 'tgt_0123456789abcdef' } })).toMatchObject({ result: { ok: true, value: { path: '/out.png' } } })
    expect(await say({ type: 'shell', id: 4, method: 'ping', input: {} })).toMatchObject({ result: { ok: true } })
  })

  it('gives an error as data: the host\'s own sentence, or one for what it did not expect', async () => {
    const own = connect({ registerFile: () => Promise.reject(failed('file/missing', 'No such file.')) })
    expect(await own.say({ type: 'shell', id: 1, method: 'registerFile', input: { path: '/a' } })).toMatchObject({ result: { ok: false, error: { code: 'file/missing', message: 'No such file.' } } })
    const odd = connect({ targetPath: () => { throw new TypeError('odd') } })
    expect(await odd.say({ type: 'shell', id: 1, method: 'targetPath', input: { target: 'tgt_0123456789abcdef' } })).toMatchObject({ result: { ok: false, error: { code: 'internal/shell' } } })
    expect(await odd.say({ type: 'shell', id: 2, method: 'registerFile', input: { path: '' } })).toMatchObject({ result: { ok: false } })
  })

  it('saves, answers, then ends', async () => {
    const order: string[] = []
    const { say, ended } = connect({ close: async () => void order.push('closed') })
    await say({ type: 'shell', id: 1, method: 'shutdown', input: {} })
    expect([order, ended()]).toEqual([['closed'], true])
  })
})
