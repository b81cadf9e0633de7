/** The window's connection to the served host: calls over a socket that breaks and comes back. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CONTRACT_VERSION } from '../../../../preload/contract/channels.ts'
import { type FromHost, type ToHost, decodeMessage, encodeMessage } from '../../../../preload/contract/wire.ts'
import { BRIDGE_CONTRACT, makeBrowserBridge } from '../../../../renderer/api/browserBridge.ts'
import { type SocketLike, WireConnection } from '../../../../renderer/api/wireConnection.ts'

class FakeSocket implements SocketLike {
  binaryType = ''
  readyState = 0
  onopen: SocketLike['onopen'] = null
  onclose: SocketLike['onclose'] = null
  onmessage: SocketLike['onmessage'] = null
  readonly sent: ToHost[] = []

  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(decodeMessage(data) as ToHost) // our own client's message
  }

  close(): void {
    this.readyState = 3
    this.onclose?.()
  }

  /** the host says something */
  say(message: FromHost): void {
    this.readyState = 1
    const bytes = encodeMessage(message)
    this.onmessage?.({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) })
  }
}

function connection(contract = CONTRACT_VERSION as number): { wire: WireConnection; sockets: FakeSocket[]; old: () => number } {
  const sockets: FakeSocket[] = []
  let old = 0
  const wire = new WireConnection({ contract, onOldPage: () => void (old += 1), open: () => { const socket = new FakeSocket(); sockets.push(socket); return socket } })
  return { wire, sockets, old: () => old }
}
const hello: FromHost = { type: 'hello', contract: CONTRACT_VERSION, version: '1' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the connection', () => {
  it('tells each try that failed, and no end of a connection that stood', () => {
    const sockets: FakeSocket[] = []
    const onUnreachable = vi.fn()
    const wire = new WireConnection({ contract: CONTRACT_VERSION, onOldPage: () => undefined, onUnreachable, firstRetryMs: 10, open: () => { const socket = new FakeSocket(); sockets.push(socket); return socket } })
    sockets[0]!.say(hello)
    sockets[0]!.close()
    expect(onUnreachable).not.toHaveBeenCalled()
    vi.advanceTimersByTime(10)
    sockets[1]!.close()
    vi.advanceTimersByTime(20)
    sockets[2]!.close()
    expect(onUnreachable).toHaveBeenCalledTimes(2)
    const told: unknown[] = []
    wire.onEvent((event, data) => told.push([event, data]))
    wire.announce('notice', { id: 'stranger' })
    expect(told).toEqual([['notice', { id: 'stranger' }]])
  })

  it('speaks the version of the contract that the bridge was built for', () => {
    expect(BRIDGE_CONTRACT).toBe(CONTRACT_VERSION)
  })

  it('sends calls once the host has greeted, answers them in any order, and hands events on', async () => {
    const { wire, sockets } = connection()
    const first = wire.call('a', { bytes: new Uint8Array([1]) })
    expect(sockets[0]!.sent).toEqual([])
    sockets[0]!.say(hello)
    const second = wire.call('b', {})
    expect(sockets[0]!.sent).toEqual([{ type: 'call', id: 1, method: 'a', input: { bytes: new Uint8Array([1]) } }, { type: 'call', id: 2, method: 'b', input: {} }])
    const told: unknown[] = []
    const stop = wire.onEvent((event, data) => told.push([event, data]))
    sockets[0]!.say({ type: 'event', event: 'notice', data: 1 })
    stop()
    sockets[0]!.say({ type: 'event', event: 'notice', data: 2 })
    expect(told).toEqual([['notice', 1]])
    sockets[0]!.say({ type: 'answer', id: 2, result: { ok: true, value: 'B' } })
    sockets[0]!.say({ type: 'answer', id: 1, result: { ok: true, value: 'A' } })
    expect(await Promise.all([first, second])).toEqual([{ ok: true, value: 'A' }, { ok: true, value: 'B' }])
  })

  it('answers what it broke under, keeps what was not sent, and comes back later and later', async () => {
    const { wire, sockets } = connection()
    const states: boolean[] = []
    wire.onConnection((connected) => states.push(connected))
    sockets[0]!.say(hello)
    const broken = wire.call('a', {})
    sockets[0]!.close()
    expect(await broken).toMatchObject({ ok: false, error: { code: 'host/disconnected', exitCode: 1 } })
    const kept = wire.call('b', {})
    await vi.advanceTimersByTimeAsync(250)
    sockets[1]!.close()
    await vi.advanceTimersByTimeAsync(499)
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    sockets[2]!.say(hello)
    expect(sockets[2]!.sent).toMatchObject([{ method: 'b' }])
    sockets[2]!.say({ type: 'answer', id: 2, result: { ok: true, value: 1 } })
    expect(await kept).toEqual({ ok: true, value: 1 })
    expect(states).toEqual([false, true, false, true])
  })

  it('reloads a page that is older than the host', () => {
    const { sockets, old } = connection()
    sockets[0]!.say({ ...hello, contract: 99 })
    expect(old()).toBe(1)
  })
})

describe('the bridge', () => {
  it('uploads dropped files piece by piece', async () => {
    const { wire, sockets } = connection()
    sockets[0]!.say(hello)
    const bridge = makeBrowserBridge(wire, {} as Document) // no page is needed for files that are there
    const taken = bridge.takeFiles([new File([new Uint8Array(9 * 2 ** 20)], 'big.png')])
    const asked = sockets[0]!.sent
    const answers: unknown[] = [{ file: 'fil_x', name: 'big.png', bytes: 1 }, { received: 1 }, { received: 2 }, { file: 'fil_x', name: 'big.png', bytes: 9 }]
    for (const [index, value] of answers.entries()) {
      await vi.waitFor(() => expect(asked).toHaveLength(index + 1))
      sockets[0]!.say({ type: 'answer', id: index + 1, result: { ok: true, value } })
    }
    expect(await taken).toEqual([{ file: 'fil_x', name: 'big.png', bytes: 9 }])
    expect(asked.map(({ method, input }) => [method, (input as { offset?: number; bytes?: Uint8Array }).offset, (input as { bytes?: Uint8Array | number }).bytes instanceof Uint8Array ? (input as { bytes: Uint8Array }).bytes.length : undefined])).toEqual([
      ['files.begin', undefined, undefined], ['files.append', 0, 8 * 2 ** 20], ['files.append', 8 * 2 ** 20, 2 ** 20], ['files.end', undefined, undefined],
    ])
  })
})
