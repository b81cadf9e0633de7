/** Batches as processes: started, killed at chosen moments, and what they leave. Used by the tests and the long script. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A command that was started. */
export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** How it ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

/** Starts `palimpsest` with the fake editor as its engine; no bootstrap in between, so that a kill hits the program itself. */
export function startCli(args: readonly string[], options: { readonly home: string; readonly ms?: number; readonly log?: string; readonly engine?: 'fake' | 'real' }): Started {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'main', 'cli', 'index.ts'), ...args], {
    cwd: options.home,
    env: {
      ...process.env, PALIMPSEST_HOME: path.join(options.home, 'home'), PALIMPSEST_FAKE_MS: String(options.ms ?? 0),
      ...(options.log === undefined ? {} : { PALIMPSEST_FAKE_LOG: options.log }),
      ...(options.engine === 'real' ? {} : { PALIMPSEST_ENGINE_MODULE: new URL('../../support/fakeEditor.ts', import.meta.url).href }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (data: string) => (out += data))
  child.stderr.setEncoding('utf8').on('data', (data: string) => (err += data))
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out, err })))
  return { child, ended }
}

/** Makes `in/` with pictures (and `masks/`), `recipe.json`, in a new folder. */
export function makeFolder(folder: string, count: number, options: { readonly masks?: boolean } = {}): void {
  fs.mkdirSync(path.join(folder, 'in'), { recursive: true })
  for (let index = 0; index < count; index += 1) {
    const name = `picture-${String(index).padStart(3, '0')}.png`
    fs.writeFileSync(path.join(folder, 'in', name), `picture number ${index}`)
    // All of one age: a copy of the folder must be the same job.
    fs.utimesSync(path.join(folder, 'in', name), 1e9, 1e9)
  }
  const step = options.masks ? { task: 'inpaint', model: 'starter-inpaint', prompt: 'a red car', aim: { colour: '#ff0000', tolerance: 0.2 } } : { task: 'img2img', model: 'starter', prompt: 'a red car' }
  fs.writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ format: 'palimpsest-recipe', version: 1, steps: [step] }))
}

/** The arguments of a batch in such a folder. */
export function batchArguments(out: string, ...more: string[]): string[] {
  return ['batch', 'recipe.json', '--in', 'in', '--out', out, ...more]
}

/** Results below a folder, without what the batch keeps for itself: relative path -> bytes as base64. */
export function resultsOf(folder: string): Record<string, string> {
  if (!fs.existsSync(folder)) return {}
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split(path.sep).join('/')).sort()
  return Object.fromEntries(names
    .filter((name) => !name.startsWith('.palimpsest-batch') && !name.startsWith('batch-report') && fs.statSync(path.join(folder, name)).isFile())
    .map((name) => [name, fs.readFileSync(path.join(folder, name)).toString('base64')]))
}

/** Everything a batch left besides results, reports, journal and thumbnails: must be nothing when it has ended by itself. */
export function leftovers(out: string): string[] {
  const names = fs.readdirSync(out, { recursive: true, encoding: 'utf8' }).map((name) => name.split(path.sep).join('/'))
  return names.filter((name) => /\.tmp$|\.lock$|palimpsest-batch\/work\/[^/]+/.test(name))
}

/** Pictures whose edit was begun and ended, in the order of the log; a picture may stand in it twice. */
export function loggedEdits(log: string, what: 'begin' | 'end' = 'begin'): string[] {
  if (!fs.existsSync(log)) return []
  return fs.readFileSync(log, 'utf8').split('\n').filter((line) => line.startsWith(`${what} img2img`) || line.startsWith(`${what} inpaint`)).map((line) => line.split(' ').at(-1)!)
}

/** Pictures that a journal calls done, whatever shard wrote it; each must be there exactly once. */
export function journalledDone(out: string): string[] {
  const folder = path.join(out, '.palimpsest-batch')
  return fs.readdirSync(folder).filter((name) => name.startsWith('journal')).flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n')
    .flatMap((line) => /"record":"done","key":"([^"]+)"/.exec(line)?.[1] ?? []))
}

/** What one killed run showed. */
export interface KilledRun {
  /** pictures in their place before the kill that are gone or changed after the next run */
  readonly lost: readonly string[]
  /** pictures done before the kill that the next run painted again */
  readonly repeated: readonly string[]
  readonly signal: string | null
  readonly code: number | null
}

/**
 * Kills a batch, with its engine or the engine alone, after a while, runs it again to its end, and looks what the kill
 * cost. Pictures whose `done` was not yet on the disk may be finished or painted again; all others may not.
 */
export async function killAndFinish(home: string, out: string, more: readonly string[], options: { readonly afterMs: number; readonly ms: number; readonly whom: 'batch' | 'engine'; readonly finish: boolean }): Promise<KilledRun> {
  const log = path.join(home, 'edits.log')
  fs.rmSync(log, { force: true })
  const run = startCli(batchArguments(out, ...more), { home, ms: options.ms, log })
  await waitFor(() => loggedEdits(log).length > 0 || run.child.exitCode !== null, 20_000)
  await new Promise((resolve) => setTimeout(resolve, options.afterMs))
  for (const pid of options.whom === 'engine' ? childrenOf(run.child.pid!) : [run.child.pid!]) kill(pid)
  const { signal, code } = await run.ended
  const before = journalledDone(path.join(home, out))
  const kept = resultsOf(path.join(home, out))
  if (!options.finish) return { lost: [], repeated: [], signal, code }
  fs.rmSync(log, { force: true })
  await startCli(batchArguments(out, ...more), { home, log }).ended
  const after = resultsOf(path.join(home, out))
  return { lost: before.filter((key) => after[key] === undefined || after[key] !== kept[key]), repeated: loggedEdits(log).filter((key) => before.includes(key)), signal, code }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it had ended by itself: the kill came too late, which is one of the moments
  }
}

/** Processes whose parent is this one (Linux). */
export function childrenOf(pid: number): number[] {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((candidate) => {
    try {
      const stat = fs.readFileSync(`/proc/${candidate}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
    } catch {
      return false // it ended while we were looking
    }
  })
}

/** Resolves when a condition holds. @throws Error when it does not within the time */
export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('what was waited for did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
