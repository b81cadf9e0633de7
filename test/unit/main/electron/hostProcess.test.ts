import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { HostProcess, type HostProcessOptions, hostEnvironment } from '../../../../main/electron/hostProcess.ts'

const entry = fileURLToPath(new URL('../../../support/stubHost.mjs', import.meta.url))
const told: unknown[][] = []
let host: HostProcess | undefined

function start(options: Partial<HostProcessOptions> = {}): HostProcess {
  told.length = 0
  host = new HostProcess({ node: process.execPath, entry, env: process.env, firstBackoffMs: 5, ...options }, {
    onEvent: (...event) => told.push(['event', ...event]),
    onConnection: (connected) => told.push(['connection', connected]),
    onLog: () => undefined,
    onGivenUp: (reason) => told.push(['given up', reason]),
  })
  host.start()
  return host
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 5))
}

afterEach(() => host?.close())

describe('the host as a process', () => {
  it('answers calls made before it was ready, bytes included, and passes its events on', async () => {
    const running = start({ env: { ...process.env, STUB_HOST_DELAY: '50' } })
    const answer = await running.call('files.append', { bytes: new Uint8Array([1, 2, 3]), event: 'notice', data: { deep: [1] } })
    expect(answer).toMatchObject({ ok: true, value: { method: 'files.append', input: { bytes: new Uint8Array([1, 2, 3]) } } })
    expect(told).toContainEqual(['event', 'notice', { deep: [1] }])
  })

  it('is started again when it dies; what it was asked is answered with a sentence, what comes later is done', async () => {
    const running = start()
    await running.call('app.info', {})
    const lost = await running.call('edit.run', { die: true })
    expect(lost).toMatchObject({ ok: false, error: { code: 'host/stopped', message: expect.stringContaining('your document is untouched') } })
    expect(await running.call('app.info', {})).toMatchObject({ ok: true })
    expect(told).toEqual([['connection', true], ['connection', false], ['connection', true], ['event', 'host.restarted', { reason: 'it ended with code 9' }]])
  })

  it('ends one that no longer answers, and starts another', async () => {
    const running = start({ heartbeatMs: 20, missedBeats: 5 })
    await running.call('app.info', {})
    const lost = await running.call('edit.run', { hang: true })
    expect(lost).toMatchObject({ ok: false, error: { message: expect.stringContaining('had not answered for 0.1 s') } })
    await until(() => told.some(([, name]) => name === 'host.restarted'))
  })

  it.each([['die-at-start', 'code 3'], ['hang-at-start', 'not ready within']])('gives one up that never comes up (%s) and answers at once then', async (how, reason) => {
    const running = start({ env: { ...process.env, STUB_HOST: how }, mostFailures: 3, startTimeoutMs: 400 })
    const waiting = running.call('app.info', {})
    await until(() => told.some(([name]) => name === 'given up'))
    expect(await waiting).toMatchObject({ ok: false, error: { message: expect.stringContaining(reason) } })
    expect(await running.call('app.info', {})).toMatchObject({ ok: false, error: { code: 'host/stopped' } })
  })

  it('says so when the program is not there at all', async () => {
    const running = start({ node: '/nowhere/node', mostFailures: 2 })
    await until(() => told.some(([name]) => name === 'given up'))
    expect(told.at(-1)![1]).toContain('could not be started')
    await running.close()
  })

  it('lets it save and end when the program closes', async () => {
    const running = start()
    await running.call('app.info', {})
    await running.close()
    expect(await running.call('app.info', {})).toMatchObject({ ok: false, error: { message: expect.stringContaining('closing') } })
    expect(told.some(([, name]) => name === 'host.restarted')).toBe(false)
  })

  it('gets no variable that changes how Node or Electron starts', () => {
    expect(hostEnvironment({ PATH: '/bin', NODE_OPTIONS: '--inspect', ELECTRON_RUN_AS_NODE: '1', NODE_PATH: '/x', HOME: undefined, PALIMPSEST_HOME: '/h' })).toEqual({ PATH: '/bin', PALIMPSEST_HOME: '/h' })
  })
})
