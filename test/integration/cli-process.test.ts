/** The command line as a person or a script starts it, with an engine that does what the test asks of it. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = path.join(root, 'scripts', 'palimpsest.mjs')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended { code: number | null; signal: string | null; out: string; err: string; lines: Record<string, unknown>[] }
interface Started { child: ChildProcess; ended: Promise<Ended>; errHas: (text: string) => Promise<void>; outHas: (text: string) => Promise<void> }

function start(args: readonly string[], fake: object, more: { cwd?: string; env?: Record<string, string>; command?: readonly string[] } = {}): Started {
  const [command, ...first] = more.command ?? [process.execPath, bin]
  const child = spawn(command, [...first, ...args], {
    cwd: more.cwd ?? folder,
    env: {
      ...process.env,
      PALIMPSEST_HOME: path.join(folder, 'home'),
      PALIMPSEST_ENGINE_MODULE: new URL('../support/fakeEngine.ts', import.meta.url).href,
      PALIMPSEST_FAKE: JSON.stringify(fake),
      ...more.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { out: '', err: '' }
  const waiting: (() => void)[] = []
  child.stdout.setEncoding('utf8').on('data', (data: string) => ((text.out += data), waiting.forEach((check) => check())))
  child.stderr.setEncoding('utf8').on('data', (data: string) => ((text.err += data), waiting.forEach((check) => check())))
  const has = (stream: 'out' | 'err', wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => void (text[stream].includes(wanted) && resolve())
      waiting.push(check)
      check()
    })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      const lines = text.out.startsWith('{') ? text.out.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) : []
      resolve({ code, signal, ...text, lines })
    })
  })
  return { child, ended, errHas: (wanted) => has('err', wanted), outHas: (wanted) => has('out', wanted) }
}

const draw = (out = 'cat.png', ...more: string[]): string[] => ['txt2img', '--prompt', 'a cat', '--out', out, ...more]

describe('a run', () => {
  it('of the help ends quietly when nobody reads it any more, as in "| head"', async () => {
    const { child, ended } = start(['--help'], {})
    child.stdout!.destroy()
    expect(await ended).toMatchObject({ code: 0, signal: null, err: '' })
  })

  it('writes below the folder it was called in, says so and ends with 0', async () => {
    const { code, out, err } = await start(draw(), { does: 'steps' }).ended
    expect({ code, out }).toEqual({ code: 0, out: 'Wrote cat.png (64 x 64), seed 42, in 1.3 s.\n' })
    expect(err).toContain('loading\n')
    expect(err).toContain('Warning: The prompt is longer than 77 tokens; "tail" was cut.\n')
    expect(readFileSync(path.join(folder, 'cat.png'), 'utf8')).toBe('picture')
  })

  it('with --json prints one object per line, no picture bytes, and the result last', async () => {
    const { code, lines, err } = await start(draw('json.png', '--json', '--seed', '7'), { does: 'steps', steps: 3 }).ended
    expect(code).toBe(0)
    expect(lines.map(({ event }) => event)).toEqual(['progress', 'warning', 'progress', 'progress', 'progress', 'result'])
    expect(lines[2]).toEqual({ event: 'progress', phase: 'sample', step: 1, steps: 3, etaSeconds: 2 })
    expect(lines.at(-1)).toMatchObject({ event: 'result', seed: 7, out: path.join(folder, 'json.png') })
    expect(err).toBe('Warning: The prompt is longer than 77 tokens; "tail" was cut.\n')
  })

  it('through npm starts relative paths from the folder npm was called in', async () => {
    const caller = path.join(folder, 'deep')
    mkdirSync(caller)
    const run = start(draw('npm.png', '--json'), { does: 'echo' }, {
      command: [process.execPath, path.join(root, 'scripts', 'run.mjs'), 'main/cli/index.ts'],
      env: { INIT_CWD: caller, npm_lifecycle_event: 'cli' },
    })
    const { code, lines } = await run.ended
    expect(code).toBe(0)
    expect(lines.at(-1)).toMatchObject({ request: { task: 'txt2img', prompt: 'a cat', model: 'starter', out: path.join(caller, 'npm.png') } })
  })

  it('works through a link to the command, and ignores an INIT_CWD that was not meant for it', async () => {
    const link = path.join(folder, 'palimpsest')
    symlinkSync(bin, link)
    const { lines } = await start(draw('linked.png', '--json'), { does: 'echo' }, { command: [process.execPath, link], env: { INIT_CWD: '/', npm_lifecycle_event: 'x' } }).ended
    expect(lines.at(-1)).toMatchObject({ request: { out: path.join(folder, 'linked.png') } })
  })
})

describe('exit codes', () => {
  it('1: the engine failed', async () => {
    const { code, lines, err } = await start(draw('no.png', '--json'), { does: 'fail' }).ended
    expect(code).toBe(1)
    expect(lines).toEqual([{ event: 'error', code: 'fake/failed', message: 'The fake engine failed as it was told to.', exitCode: 1, details: { step: 4 } }])
    expect(err).toBe('Error: The fake engine failed as it was told to.\n')
  })

  it('1: the engine crashed; the sentence says during what', async () => {
    const { code, err } = await start(draw('no.png'), { does: 'crash' }).ended
    expect(code).toBe(1)
    expect(err).toContain('Error: The engine stopped while it was doing "sample", step 3 of 20')
    expect(err).not.toMatch(/\n\s+at /)
  })

  it('2: bad input found by the engine, and by the command line itself', async () => {
    const { code, err } = await start(draw('no.png'), { does: 'refuse' }).ended
    expect([code, err]).toEqual([2, 'Error: mask.png: expected a mask of 64 x 64 pixels, found 32 x 32; add --resize-mask.\n'])
    expect((await start(draw('no.png', '--steps', '0'), {}).ended).code).toBe(2)
    expect(readdirSync(folder)).not.toContain('no.png')
  })

  it('PALIMPSEST_DEBUG=1 shows where an error came from, nothing else does', async () => {
    expect((await start(draw('no.png'), { does: 'fail' }, { env: { PALIMPSEST_DEBUG: '1' } }).ended).err).toMatch(/\n\s+at .*fakeEngine\.ts/)
  })
})

describe('Ctrl-C', { skip: process.platform === 'win32' }, () => {
  it('cancels within a step and ends with 130, nothing written', async () => {
    const run = start(draw('cancelled.png', '--json'), { does: 'blockInSteps', steps: 100, ms: 100 })
    await run.outHas('"step":2')
    const at = performance.now()
    run.child.kill('SIGINT')
    const { code, lines, err } = await run.ended
    expect(code).toBe(130)
    expect(performance.now() - at).toBeLessThan(3000)
    expect(lines.at(-1)).toMatchObject({ event: 'error', code: 'run/cancelled', exitCode: 130 })
    expect(err).toContain('The run was cancelled; nothing was written.')
    expect(existsSync(path.join(folder, 'cancelled.png'))).toBe(false)
  })

  it('twice leaves no half-written file beside the result, and other files alone', async () => {
    const strangers = path.join(folder, '.other.png.1.0a1b.tmp')
    writeFileSync(strangers, 'of another program')
    const run = start(draw('cat-half.png', '--json'), { does: 'halfWrite' })
    await run.outHas('"phase":"write"')
    expect(readdirSync(folder).filter((name) => name.startsWith('.cat.png.'))).toHaveLength(1)
    run.child.kill('SIGINT')
    await run.errHas('press Ctrl-C again')
    await new Promise((resolve) => setTimeout(resolve, 600))
    run.child.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([path.basename(strangers)])
  })

  it('twice ends at once though the engine is in the middle of a long call', async () => {
    const run = start(draw('cancelled.png'), { does: 'block', ms: 60_000 }, { env: { PALIMPSEST_DEBUG: '' } })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    run.child.kill('SIGINT')
    await run.errHas('press Ctrl-C again')
    await new Promise((resolve) => setTimeout(resolve, 600))
    const at = performance.now()
    run.child.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
    expect(performance.now() - at).toBeLessThan(1500)
  })

  it('once is enough for a long call too: the engine is ended after three seconds', async () => {
    const run = start(draw('cancelled.png'), { does: 'block', ms: 60_000 })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const at = performance.now()
    run.child.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
    expect(performance.now() - at).toBeLessThan(6000)
  })
})

// Reads /proc, because a bare system may come without `ps`.
describe('nothing is left behind', { skip: process.platform !== 'linux' }, () => {
  const parents = (): [number, number][] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name): [number, number][] => {
        try {
          const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
          return fields[0] === 'Z' ? [] : [[Number(name), Number(fields[1])]]
        } catch {
          return [] // it ended while we were looking
        }
      })
  const descendants = (pid: number, all = parents()): number[] => {
    const children = all.filter(([, parent]) => parent === pid).map(([child]) => child)
    return [...children, ...children.flatMap((child) => descendants(child, all))]
  }
  const alive = (pids: number[]): number[] => parents().map(([pid]) => pid).filter((pid) => pids.includes(pid))
  const goneSoon = async (pids: number[]): Promise<void> => {
    const end = performance.now() + 8000
    while (alive(pids).length > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(alive(pids)).toEqual([])
  }

  it('when the command is killed outright', async () => {
    const run = start(draw('killed.png', '--json'), { does: 'blockInSteps', steps: 600, ms: 100 })
    await run.outHas('"step":1')
    const pids = descendants(run.child.pid ?? 0)
    expect(pids.length).toBeGreaterThanOrEqual(2)
    run.child.kill('SIGKILL')
    await goneSoon(pids)
  })

  it('when nobody reads its output any more', async () => {
    const run = start(draw('piped.png', '--json'), { does: 'blockInSteps', steps: 600, ms: 20 })
    await run.outHas('"step":1')
    const pids = descendants(run.child.pid ?? 0)
    expect(pids.length).toBeGreaterThanOrEqual(2)
    run.child.stdout?.destroy()
    await new Promise((resolve) => run.child.on('exit', resolve))
    await goneSoon(pids)
  })
})
