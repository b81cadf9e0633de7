/** Batches as a person or a scheduler starts them: processes, killed, resumed, in parts. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { batchArguments, journalledDone, killAndFinish, leftovers, loggedEdits, makeFolder, resultsOf, startCli, waitFor } from './batch/processes.ts'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-batches-'))
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }))
let count = 0
const home = (pictures: number, options = {}): string => {
  const folder = path.join(scratch, `home-${(count += 1)}`)
  makeFolder(folder, pictures, options)
  return folder
}
const lines = (out: string): Record<string, unknown>[] => out.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)

describe('palimpsest batch', () => {
  it('says what it does picture by picture, ends with 1 when some could not be done, and with a table of those', async () => {
    const folder = home(3)
    fs.writeFileSync(path.join(folder, 'in', 'bad.png'), 'broken')
    const { code, out, err } = await startCli(batchArguments('out'), { home: folder }).ended
    expect(code).toBe(1)
    expect(err).toMatch(/^picture-000\.png -> picture-000\.png \(/m)
    expect(out).toMatch(/^bad\.png +failed +.*expected a picture, found a damaged one/m)
    expect(out).toMatch(/^3 done, 1 failed, in .*\.\nWrote out\/batch-report\.json and out\/batch-report\.html\.\n$/m)
  })

  it('with --json prints a line per picture with progress between, and the whole summary last', async () => {
    const folder = home(3)
    const { code, out } = await startCli(batchArguments('out', '--json', '--jobs', '2'), { home: folder, ms: 30 }).ended
    const told = lines(out)
    expect(code).toBe(0)
    expect(told.filter(({ event }) => event === 'item')).toHaveLength(3)
    expect(told.filter(({ event }) => event === 'progress').at(-1)).toMatchObject({ phase: 'batch', step: 3, steps: 3, etaSeconds: 0 })
    expect(told.at(-1)).toMatchObject({ event: 'result', total: 3, counts: { done: 3 }, items: [{ state: 'done' }, { state: 'done' }, { state: 'done' }] })
  })

  it('--dry-run says what would be done and writes nothing', async () => {
    const folder = home(2)
    const { code, out } = await startCli(batchArguments('out', '--dry-run'), { home: folder }).ended
    expect([code, fs.existsSync(path.join(folder, 'out'))]).toEqual([0, false])
    expect(out).toMatch(/^picture-001\.png +to do +picture-001\.png +img2img$/m)
    expect(out).toMatch(/2 of 2 pictures to do\. Nothing was written\.\n$/)
  })

  it('refuses a folder of results that is the folder of pictures, a wrong recipe and a wrong part with exit code 2', async () => {
    const folder = home(1)
    const refusal = async (...args: string[]): Promise<string> => {
      const { code, err } = await startCli(args, { home: folder }).ended
      expect(code).toBe(2)
      return err
    }
    expect(await refusal(...batchArguments('in'))).toMatch(/expected another folder than the pictures are in, found the same; name another folder, or add --suffix _edited/)
    expect(await refusal(...batchArguments('out', '--shard', '4/3'))).toMatch(/--shard: expected part and number of parts, as 2\/5, found "4\/3"/)
    fs.writeFileSync(path.join(folder, 'recipe.json'), '{"format":"palimpsest-recipe","version":2,"steps":[]}')
    expect(await refusal(...batchArguments('out'))).toMatch(/made by a newer Palimpsest; update Palimpsest to use it/)
    expect(fs.existsSync(path.join(folder, 'out'))).toBe(false)
  })

  it('stopped by Ctrl-C ends with 130, says how far it is, and goes on with the same command', { skip: process.platform === 'win32' }, async () => {
    const folder = home(4)
    const log = path.join(folder, 'log')
    const run = startCli(batchArguments('out'), { home: folder, ms: 200, log })
    await waitFor(() => loggedEdits(log).length === 2, 20_000)
    run.child.kill('SIGINT')
    const { code, err } = await run.ended
    expect(code).toBe(130)
    expect(err).toMatch(/The batch was stopped: 1 done, 3 not begun; the same command goes on from here\./)
    expect((await startCli(batchArguments('out', '--json'), { home: folder, log }).ended).code).toBe(0)
    expect(loggedEdits(log)).toHaveLength(5)
    expect(leftovers(path.join(folder, 'out'))).toEqual([])
  })

  it('decides about results with "review"', async () => {
    const folder = home(2)
    await startCli(batchArguments('out'), { home: folder }).ended
    const { out } = await startCli(['review', 'out', 'reject', '--picture', 'picture-001.png'], { home: folder }).ended
    expect(out).toBe('picture-001.png: reject, picture-001.png -> rejected/picture-001.png\n')
    expect((await startCli(['review', 'out', 'list'], { home: folder }).ended).out).toMatch(/picture-001\.png +rejected\/picture-001\.png +reject/)
    expect((await startCli(['review', 'out', 'accept'], { home: folder }).ended).err).toMatch(/review accept: expected --picture/)
  })
})

// 1,000 kills: scripts/long/batchCrashes.ts. Reads /proc to find the engine.
describe('a batch that is killed', { skip: process.platform !== 'linux' }, () => {
  it('three times, and whose engine is killed in the fourth run, makes the same files as one that is left alone, none of them twice', async () => {
    const folder = home(10, { masks: true })
    expect((await startCli(batchArguments('whole'), { home: folder }).ended).code).toBe(0)
    for (const afterMs of [90, 40, 150]) {
      const killed = await killAndFinish(folder, 'out', ['--jobs', '2'], { afterMs, ms: 60, whom: 'batch', finish: false })
      expect(killed.signal).toBe('SIGKILL')
    }
    const done = journalledDone(path.join(folder, 'out'))
    expect(done.length).toBeGreaterThan(0)
    expect(done.length).toBeLessThan(9)
    expect(await killAndFinish(folder, 'out', [], { afterMs: 20, ms: 60, whom: 'engine', finish: false })).toMatchObject({ code: 0, signal: null })
    expect(resultsOf(path.join(folder, 'out'))).toEqual(resultsOf(path.join(folder, 'whole')))
    const all = journalledDone(path.join(folder, 'out'))
    expect([...all].sort()).toEqual([...new Set(all)].sort())
    expect(leftovers(path.join(folder, 'out'))).toEqual([])
  }, 120_000)

  it('loses nothing that was done and repeats nothing of it', async () => {
    for (const afterMs of [0, 130]) {
      const folder = home(6)
      expect(await killAndFinish(folder, 'out', [], { afterMs, ms: 40, whom: 'batch', finish: true })).toEqual({ lost: [], repeated: [], signal: 'SIGKILL', code: null })
      expect(Object.keys(resultsOf(path.join(folder, 'out')))).toHaveLength(6)
    }
  }, 120_000)
})

describe('parts of a batch', () => {
  it('at work at the same time on one folder make together what one batch makes, and no picture twice', async () => {
    const folder = home(12)
    await startCli(batchArguments('whole'), { home: folder }).ended
    const log = path.join(folder, 'log')
    const ended = await Promise.all([1, 2, 3].map((index) => startCli(batchArguments('parts', '--shard', `${index}/3`), { home: folder, ms: 30, log }).ended))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(resultsOf(path.join(folder, 'parts'))).toEqual(resultsOf(path.join(folder, 'whole')))
    expect(loggedEdits(log).sort()).toEqual(Object.keys(resultsOf(path.join(folder, 'whole'))))
    // and a run of the whole finds nothing left to do
    const { out } = await startCli(batchArguments('parts', '--json'), { home: folder, log }).ended
    expect(lines(out).at(-1)).toMatchObject({ counts: { earlier: 12, done: 0 } })
  }, 120_000)
})

// The schedulers themselves are not here; their commands are, word for word, with 3 parts instead of 20.
describe('the worked examples of docs/batch.md', { skip: process.platform === 'win32' }, () => {
  const guide = fs.readFileSync(new URL('../../docs/batch.md', import.meta.url), 'utf8').replaceAll('/20', '/3').replaceAll('seq 20', 'seq 3')
  const line = (pattern: RegExp): string => pattern.exec(guide)![1]!
  const sources = fileURLToPath(new URL('../../main/cli/index.ts', import.meta.url))
  const parts = (variable: string, from: number): NodeJS.ProcessEnv[] => [0, 1, 2].map((index) => ({ [variable]: String(index + from) }))

  it.each([
    ['Slurm array', line(/^(srun palimpsest .*)$/m).replaceAll('/shared/', ''), parts('SLURM_ARRAY_TASK_ID', 1)],
    ['GNU parallel', line(/^(seq 3 \| parallel -j .*)$/m), [{}]],
    ['Kubernetes indexed job', line(/command: \[sh, -c, '(.*)'\]/), parts('JOB_COMPLETION_INDEX', 0)],
  ])('%s: the parts at the same time make together what one batch makes', async (_, command, runs) => {
    const folder = home(9)
    fs.renameSync(path.join(folder, 'in'), path.join(folder, 'photos'))
    const bin = path.join(folder, 'bin')
    const program = (name: string, text: string): void => fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    fs.mkdirSync(bin)
    program('palimpsest', `exec "${process.execPath}" --disable-warning=ExperimentalWarning "${sources}" "$@"`)
    program('srun', 'exec "$@"')
    program('parallel', 'shift 2; while read -r part; do sh -c "$(printf %s "$*" | sed "s/{}/$part/")" & done; wait')
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, PALIMPSEST_HOME: path.join(folder, 'home'), PALIMPSEST_ENGINE_MODULE: new URL('../support/fakeEditor.ts', import.meta.url).href }
    await Promise.all(runs.map((more) => promisify(execFile)('sh', ['-c', command], { cwd: folder, env: { ...env, ...more } })))
    await startCli(['batch', 'recipe.json', '--in', 'photos', '--out', 'whole'], { home: folder }).ended
    expect(Object.keys(resultsOf(path.join(folder, 'results')))).toHaveLength(9)
    expect(resultsOf(path.join(folder, 'results'))).toEqual(resultsOf(path.join(folder, 'whole')))
    const done = journalledDone(path.join(folder, 'results'))
    expect([...done].sort()).toEqual([...new Set(done)].sort())
  }, 120_000)
})
