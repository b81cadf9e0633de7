import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { EngineClient } from '../../../../main/engine-host/client.ts'
import type { EngineClientOptions, EngineNotice } from '../../../../main/engine-host/client.ts'
import { EngineProcess } from '../../../../main/engine-host/engineProcess.ts'
import type { ProcessEnd } from '../../../../main/engine-host/engineProcess.ts'
import { toEngineSchema } from '../../../../main/engine-host/protocol.ts'
import type { FromEngine, JobEvent } from '../../../../main/engine-host/protocol.ts'

const engineModule = new URL('../../../support/fakeEngine.ts', import.meta.url).href
const open: EngineClient[] = []

function makeClient(options: EngineClientOptions = {}): EngineClient & { notices: EngineNotice[] } {
  const notices: EngineNotice[] = []
  const client = Object.assign(new EngineClient({ engineModule, onNotice: (notice) => notices.push(notice), ...options }), { notices })
  open.push(client)
  return client
}

const order = (does: string, more: object = {}): Record<string, unknown> => ({ fake: { does, ...more } })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    await sleep(10)
  }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()))
})

describe('a job', () => {
  it('comes back with its result, its events in order and pixels of its own', async () => {
    const events: JobEvent[] = []
    const result = await makeClient().run({ ...order('steps', { steps: 4 }), seed: 7 }, { onEvent: (event) => events.push(event) })
    expect(result).toMatchObject({ seed: 7, width: 64 })
    expect(events.map((event) => (event.event === 'progress' ? event.step : event.code))).toEqual([0, 'prompt/long', 1, 2, 3, 4])
    const withPreview = events.filter((event) => event.event === 'progress' && event.preview)
    expect(withPreview.length).toBeGreaterThan(0)
    for (const event of withPreview) {
      if (event.event !== 'progress' || !event.preview) continue
      expect(event.preview.rgba).toHaveLength(16 * 16 * 4)
      expect(event.preview.rgba[0]).toBe(event.step)
    }
  })

  it('keeps code, sentence, exit code and details of an error across the border', async () => {
    const client = makeClient()
    await expect(client.run(order('fail'))).rejects.toMatchObject({
      code: 'fake/failed', message: 'The fake engine failed as it was told to.', exitCode: 1, details: expect.objectContaining({ step: 4 }),
    })
    await expect(client.run(order('refuse'))).rejects.toMatchObject({ code: 'input/mask-size', exitCode: 2 })
  })

  it('whose answer cannot be sent fails with a sentence instead of hanging', async () => {
    await expect(makeClient().run(order('unsendable'))).rejects.toMatchObject({ code: 'process/unsendable' })
  })

  it('waits for the one before it', async () => {
    const client = makeClient()
    const ends: number[] = []
    await Promise.all([1, 2, 3].map((n) => client.run(order('steps', { steps: 2 })).then(() => ends.push(n))))
    expect(ends).toEqual([1, 2, 3])
    expect((await client.status()).starts).toBe(1)
  })
})

describe('jobs side by side', () => {
  it('run in one process, as many as allowed, each with its own answer and events', async () => {
    const client = makeClient({ overlap: 2 })
    const told: number[] = []
    const run = (seed: number, steps: number): Promise<unknown> => client.run({ ...order('steps', { steps, ms: 20 }), seed }, { onEvent: (event) => event.event === 'progress' && event.phase === 'sample' && told.push(seed) })
    const jobs = [run(1, 8), run(2, 8), run(3, 1)]
    await until(() => told.length > 2, 'both are under way')
    expect(new Set(told)).toEqual(new Set([1, 2]))
    expect((await client.status()).queued).toBe(1)
    expect(await Promise.all(jobs)).toEqual([1, 2, 3].map((seed) => expect.objectContaining({ seed }) as unknown))
    expect(told.filter((seed) => seed === 2)).toHaveLength(8)
    expect((await client.status()).starts).toBe(1)
  })

  it('are cancelled one by one, even while the thread is blocked', async () => {
    const client = makeClient({ overlap: 3 })
    const stops = [new AbortController(), new AbortController()]
    const blocked = client.run(order('blockInSteps', { steps: 40, ms: 50 }), { signal: stops[0]!.signal, onEvent: () => stops.forEach((stop) => stop.abort()) })
    const other = client.run(order('steps', { steps: 200, ms: 5 }), { signal: stops[1]!.signal })
    const kept = client.run(order('steps', { steps: 3 }))
    await expect(blocked).rejects.toMatchObject({ code: 'run/cancelled' })
    await expect(other).rejects.toMatchObject({ code: 'run/cancelled' })
    await expect(kept).resolves.toMatchObject({ width: 64 })
    expect((await client.status()).starts).toBe(1)
  })

  it('all fail with the process that dies under them, and the next one runs in another', async () => {
    const client = makeClient({ overlap: 2, restart: 'lazy' })
    const [crashed, beside] = [client.run(order('crash')), client.run(order('steps', { steps: 400 }))]
    const next = client.run(order('echo'))
    await expect(crashed).rejects.toMatchObject({ code: 'process/stopped' })
    await expect(beside).rejects.toMatchObject({ code: 'process/stopped' })
    await expect(next).resolves.toBeDefined()
  })

  it('let a process that has grown be replaced once none of them runs', async () => {
    const client = makeClient({ overlap: 2, growthLimitBytes: 150 * 2 ** 20 })
    const first = (await client.run(order('leak', { megabytes: 1 }))) as { pid: number }
    const jobs = await Promise.all([1, 2, 3, 4].map(() => client.run(order('leak', { megabytes: 100 })))) as { pid: number }[]
    expect(jobs[0]!.pid).toBe(first.pid)
    expect(((await client.run(order('leak', { megabytes: 1 }))) as { pid: number }).pid).not.toBe(first.pid)
    expect(client.notices.some(({ kind, reason }) => kind === 'recycled' && reason?.startsWith('it had grown by'))).toBe(true)
  })
})

describe('a process that dies', () => {
  it('fails its job with what it was doing, is replaced, and the next job runs', async () => {
    const client = makeClient()
    const crashed = client.run(order('crash'))
    const next = client.run(order('echo'))
    await expect(crashed).rejects.toMatchObject({
      code: 'process/stopped',
      exitCode: 1,
      message: 'The engine stopped while it was doing "sample", step 3 of 20 (a crash in native code (SIGSEGV)); it has been restarted.',
    })
    await expect(next).resolves.toMatchObject({ pid: expect.any(Number) })
    expect((await client.status()).starts).toBe(2)
  })

  it('is replaced at once even with nothing queued, or with the next job when told to be lazy', async () => {
    const eager = makeClient()
    await expect(eager.run(order('crash'))).rejects.toThrow('it has been restarted')
    await until(async () => (await eager.status()).state === 'idle', 'the process is back')
    const lazy = makeClient({ restart: 'lazy' })
    await expect(lazy.run(order('crash'))).rejects.toThrow('running it again starts a new one')
    expect((await lazy.status()).state).toBe('stopped')
    await expect(lazy.run(order('echo'))).resolves.toBeDefined()
  })

  // the order of a dying thread's last words is the system's; on a loaded machine its exit can come first
  it('says so when the engine thread ends or throws where nobody waits', { retry: 2 }, async () => {
    const client = makeClient()
    await expect(client.run(order('exit'))).rejects.toThrow('The engine thread ended with code 7')
    await expect(client.run(order('throwLater'))).rejects.toThrow('thrown where nobody waits')
    await expect(client.run(order('echo'))).resolves.toBeDefined()
  })

  it('is restarted with growing pauses while it keeps dying', async () => {
    const starts: number[] = []
    const client = makeClient({
      engineOptions: { crashOnStart: true }, firstBackoffMs: 300, longestBackoffMs: 600,
      onNotice: (notice) => {
        if (notice.kind === 'started') starts.push(performance.now())
      },
    })
    for (let i = 0; i < 4; i += 1) await expect(client.run(order('echo'))).rejects.toThrow('The engine could not be started')
    const pauses = starts.slice(1).map((start, i) => start - (starts[i] ?? 0))
    expect(pauses[1]).toBeGreaterThanOrEqual(290)
    expect(pauses[2]).toBeGreaterThanOrEqual(590)
  })

  it('before it is ready passes on why', async () => {
    await expect(makeClient({ engineOptions: { failToStart: true } }).run(order('echo'))).rejects.toThrow('The engine could not be started: this engine never starts.')
    await expect(makeClient({ engineOptions: { refuseToStart: true } }).run(order('echo'))).rejects.toMatchObject({ code: 'paths/cache', exitCode: 2 })
    await expect(makeClient({ engineModule: 'file:///no/such/module.ts' }).run(order('echo'))).rejects.toThrow('The engine could not be started')
    await expect(makeClient({ nodePath: '/no/such/node' }).run(order('echo'))).rejects.toThrow('The engine could not be started')
  })
})

describe('cancel', () => {
  it('takes effect within one step though the engine thread never reads its messages', async () => {
    const client = makeClient()
    const stop = new AbortController()
    const steps: number[] = []
    const job = client.run(order('blockInSteps', { steps: 40, ms: 100 }), {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.event !== 'progress') return
        steps.push(event.step)
        if (event.step === 2) stop.abort()
      },
    })
    await expect(job).rejects.toMatchObject({ code: 'run/cancelled', exitCode: 130 })
    expect(steps.length).toBeLessThanOrEqual(5)
    expect((await client.status()).starts).toBe(1)
  })

  it('recycles the process when the job does not stop in time, and the next job runs', async () => {
    const client = makeClient({ cancelGraceMs: 300 })
    const stop = new AbortController()
    await client.run(order('echo'))
    const job = client.run(order('block', { ms: 60_000 }), { signal: stop.signal })
    const next = client.run(order('echo'))
    await sleep(100)
    const started = performance.now()
    stop.abort()
    await expect(job).rejects.toMatchObject({ code: 'run/cancelled' })
    expect(performance.now() - started).toBeGreaterThanOrEqual(290)
    expect(performance.now() - started).toBeLessThan(5000)
    await expect(next).resolves.toBeDefined()
    expect(client.notices.map((notice) => notice.kind)).toContain('recycled')
  })

  it('of a job that still waits leaves the running one alone', async () => {
    const client = makeClient()
    const stop = new AbortController()
    const first = client.run(order('steps', { steps: 10, ms: 20 }))
    const second = client.run(order('echo'), { signal: stop.signal })
    stop.abort()
    await expect(second).rejects.toMatchObject({ code: 'run/cancelled' })
    await expect(first).resolves.toBeDefined()
    await expect(client.run(order('echo'), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'run/cancelled' })
  })
})

describe('the process', () => {
  it('answers heartbeat, status and cancel within 200 ms while its engine thread is in a busy loop', { retry: 2 }, async () => {
    const messages: { at: number; message: FromEngine }[] = []
    let end: ProcessEnd | undefined
    const engine = new EngineProcess(
      { nodePath: process.execPath, engineModule, engineOptions: {}, heartbeatMs: 60_000, missedBeats: 10, startTimeoutMs: 30_000 },
      { onMessage: (message) => messages.push({ at: performance.now(), message }), onEnd: (ended) => (end = ended) },
    )
    try {
      await until(() => engine.isReady, 'the process is ready')
      engine.send({ type: 'request', id: 1, request: order('block', { ms: 20_000 }) })
      await sleep(200)
      const answered = async (type: FromEngine['type'], send: () => void): Promise<number> => {
        const before = messages.length
        const at = performance.now()
        send()
        await until(() => messages.slice(before).some(({ message }) => message.type === type), `${type} arrives`, 2000)
        return (messages.slice(before).find(({ message }) => message.type === type)?.at ?? Infinity) - at
      }
      for (let beat = 1; beat <= 10; beat += 1) {
        expect(await answered('pong', () => engine.send({ type: 'heartbeat', beat }))).toBeLessThan(200)
      }
      expect(await answered('status', () => engine.send({ type: 'status', id: 5 }))).toBeLessThan(200)
      expect(await answered('cancelling', () => engine.send({ type: 'cancel', id: 1 }))).toBeLessThan(200)
      const last = messages.findLast(({ message }) => message.type === 'status')?.message
      expect(last?.type === 'status' && last.status.blockedMs).toBeGreaterThan(100)
      expect(last?.type === 'status' && last.status.peakRssBytes).toBeGreaterThan(20e6)
    } finally {
      engine.kill('the test is over')
      await until(() => end !== undefined, 'the process has ended')
    }
  })

  it('is ended and reported when its main thread no longer answers', { skip: process.platform === 'win32' }, async () => {
    const client = makeClient({ heartbeatMs: 100, missedBeats: 15, restart: 'lazy' })
    await client.run(order('echo'))
    const pid = (await client.status()).pid ?? 0
    process.kill(pid, 'SIGSTOP')
    await expect(client.run(order('echo'))).rejects.toThrow('it had not answered for 1.5 s')
    await until(() => !isAlive(pid), 'the stopped process is gone')
    await expect(client.run(order('echo'))).resolves.toBeDefined()
  })

  it('unloads its models after a time without work', async () => {
    const client = makeClient({ idleUnloadMs: 100 })
    await client.run(order('leak', { megabytes: 8 }))
    await until(() => client.notices.some((notice) => notice.kind === 'unloaded'), 'the models are unloaded')
    await expect(client.run(order('echo'))).resolves.toMatchObject({ unloads: 1 })
  })

  it('takes another time without work at once, never included', async () => {
    const client = makeClient({ idleUnloadMs: 3_600_000 })
    await client.run(order('leak', { megabytes: 8 }))
    client.setIdleUnload(50)
    await until(() => client.notices.some((notice) => notice.kind === 'unloaded'), 'the models are unloaded')
    client.setIdleUnload(0)
    await client.run(order('leak', { megabytes: 8 }))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(client.notices.filter((notice) => notice.kind === 'unloaded')).toHaveLength(1)
  })

  it('is replaced between jobs when it has grown too much', async () => {
    const client = makeClient({ growthLimitBytes: 100 * 2 ** 20 })
    const first = await client.run(order('leak', { megabytes: 8 }))
    const second = await client.run(order('leak', { megabytes: 160 }))
    const third = await client.run(order('echo'))
    expect(second['pid']).toBe(first['pid'])
    expect(third['pid']).not.toBe(first['pid'])
    expect(client.notices.find((notice) => notice.kind === 'recycled')?.reason).toMatch(/^it had grown by 0\.[12] GiB$/)
  })

  it('does not survive its supervisor, even in the middle of a blocking run', { skip: process.platform === 'win32' }, async () => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('../../../support/engineParent.ts', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(String(text)))))
    await sleep(300)
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !isAlive(pid), 'the engine process is gone', 5000)
  })

  it('is gone after close, and a closed client says that it is closed', async () => {
    const client = makeClient()
    await client.run(order('echo'))
    const pid = (await client.status()).pid ?? 0
    const pending = client.run(order('block', { ms: 30_000 }))
    const rejected = expect(pending).rejects.toMatchObject({ code: 'run/cancelled' })
    await client.close()
    await rejected
    expect(isAlive(pid)).toBe(false)
    await expect(client.run(order('echo'))).rejects.toMatchObject({ code: 'process/closed' })
  })
})

describe('the border', () => {
  it('refuses what is not of the protocol', () => {
    expect(toEngineSchema.safeParse({ type: 'request', id: 1 }).success).toBe(false)
    expect(toEngineSchema.safeParse({ type: 'eval', code: '1' }).success).toBe(false)
    expect(toEngineSchema.safeParse({ type: 'cancel', id: 1.5 }).success).toBe(false)
  })
})
