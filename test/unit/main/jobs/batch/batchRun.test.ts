import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { failed } from '../../../../../main/engine/errors.ts'
import { type BatchRun, lookAhead } from '../../../../../main/jobs/batch/batchRun.ts'
import { Journal, readJournals } from '../../../../../main/jobs/batch/journal.ts'
import { planBatch } from '../../../../../main/jobs/batch/plan.ts'
import { decide } from '../../../../../main/jobs/batch/reviews.ts'
import type { JobEngine } from '../../../../../main/jobs/engine.ts'
import { acquireRunLock } from '../../../../../main/jobs/batch/runLock.ts'
import { WHOLE } from '../../../../../main/jobs/batch/shards.ts'
import { MASKED_STEP, PLAIN_STEP, fakeEngine, makeJob, pictures, results, runBatch, scratch, sentenceOf, settingsFor, states } from './folders.ts'

const parent = scratch()
const logLines = (file: string): string[] => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trimEnd().split('\n') : [])
const edits = (file: string): string[] => logLines(file).filter((line) => /^begin (img2img|inpaint|remove|swap|outpaint) /.test(line)).map((line) => line.split(' ').at(-1)!)

describe('a batch', () => {
  it('does every picture it can, tells the others, and leaves nothing unfinished behind', async () => {
    const job = makeJob(parent, { pictures: { ...pictures('a.png b.jpg d.png'), 'c.png': 'broken', 'e.png': 'warn' }, masks: pictures('a.png b.png c.png e.png'), steps: [MASKED_STEP] })
    const summary = await runBatch(settingsFor(job, { masks: path.join(job, 'masks') }))
    expect(states(summary)).toEqual({ 'a.png': 'done', 'b.jpg': 'done', 'c.png': 'failed', 'd.png': 'no-mask', 'e.png': 'done' })
    expect(Object.keys(results(path.join(job, 'out')))).toEqual(['a.png', 'b.jpg', 'e.png'])
    expect(summary.items.find(({ key }) => key === 'c.png')).toMatchObject({ code: 'picture/damaged' })
    expect(summary.items.find(({ key }) => key === 'e.png')!.measures!.warnings).toEqual(['The fake editor warns.'])
    expect(fs.readdirSync(path.join(job, 'out', '.palimpsest-batch')).sort()).toEqual(['journal-all.jsonl', 'thumbnails', 'work'].filter((name) => fs.existsSync(path.join(job, 'out', '.palimpsest-batch', name))))
    expect(fs.existsSync(path.join(job, 'out', '.palimpsest-batch', 'work', 'all'))).toBe(false)
  })

  it('run again does only what failed or is new, and gives the same report of the rest', async () => {
    const job = makeJob(parent, { pictures: { ...pictures('a.png b.png'), 'c.png': 'broken' } })
    const log = path.join(job, 'log')
    const first = await runBatch(settingsFor(job), { log })
    fs.writeFileSync(path.join(job, 'in', 'c.png'), 'mended')
    fs.writeFileSync(path.join(job, 'in', 'd.png'), 'new')
    const second = await runBatch(settingsFor(job), { log })
    expect(states(second)).toEqual({ 'a.png': 'earlier', 'b.png': 'earlier', 'c.png': 'done', 'd.png': 'done' })
    expect(edits(log)).toEqual(['a.png', 'b.png', 'c.png', 'c.png', 'd.png'])
    expect(second.items[0]!.measures).toEqual(first.items[0]!.measures)
  })

  it('does a picture again when it, its mask, its words or the recipe changed and results may be replaced', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png'), masks: pictures('a.png b.png'), steps: [MASKED_STEP] })
    const settings = settingsFor(job, { masks: path.join(job, 'masks'), existing: 'overwrite' })
    const log = path.join(job, 'log')
    await runBatch(settings, { log })
    const before = results(settings.out)
    fs.writeFileSync(path.join(job, 'masks', 'a.png'), 'another mask')
    expect(states(await runBatch(settings, { log }))).toEqual({ 'a.png': 'done', 'b.png': 'earlier' })
    expect(results(settings.out)['a.png']).not.toBe(before['a.png'])
    const recipe = path.join(job, 'recipe.json')
    fs.writeFileSync(recipe, fs.readFileSync(recipe, 'utf8').replace('a red car', 'a blue car'))
    expect(states(await runBatch({ ...settings, existing: 'skip' }, { log }))).toEqual({ 'a.png': 'skipped', 'b.png': 'skipped' })
    expect(states(await runBatch(settings, { log }))).toEqual({ 'a.png': 'done', 'b.png': 'done' })
    expect(edits(log)).toHaveLength(5)
  })

  it('with the suffix policy writes beside files of another origin, and under the same name when run again', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png a-1.png b.png') })
    const settings = settingsFor(job, { existing: 'suffix' })
    fs.mkdirSync(settings.out)
    fs.writeFileSync(path.join(settings.out, 'a.png'), 'precious')
    await runBatch(settings)
    const first = results(settings.out)
    expect(Object.keys(first)).toEqual(['a-1.png', 'a-2.png', 'a.png', 'b.png'])
    expect(first['a.png']).toBe('precious')
    expect(states(await runBatch(settings))).toEqual({ 'a-1.png': 'earlier', 'a.png': 'earlier', 'b.png': 'earlier' })
    expect(results(settings.out)).toEqual(first)
  })

  it('never replaces a file that appears while it is at work', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png') })
    const settings = settingsFor(job)
    const summary = await runBatch(settings, { onEvent: (event) => event.event === 'engine' && fs.writeFileSync(path.join(settings.out, 'a.png'), 'of somebody else') })
    expect(states(summary)).toEqual({ 'a.png': 'skipped' })
    expect(results(settings.out)).toEqual({ 'a.png': 'of somebody else' })
  })

  it('aims by mask, colour, words and everything, through several steps', async () => {
    const aims = [{ mask: '{name}.png' }, { colour: '#ff0000', tolerance: 0.2 }, { where: 'attention(car) > 0.4' }, 'everything']
    const job = makeJob(parent, { pictures: { ...pictures('a.jpg'), 'b.jpg': 'no colour in it' }, masks: pictures('a.png b.png'), steps: aims.map((aim) => ({ ...MASKED_STEP, aim })) })
    const log = path.join(job, 'log')
    const summary = await runBatch(settingsFor(job, { masks: path.join(job, 'masks'), sheet: false }), { log })
    expect(logLines(log).filter((line) => line.startsWith('begin')).slice(0, 9)).toEqual([
      'begin inpaint a.jpg', 'begin mask step-1.png', 'begin inpaint step-1.png', 'begin attention step-2.png', 'begin mask step-2.png', 'begin inpaint step-2.png',
      'begin mask step-3.png', 'begin inpaint step-3.png', 'begin picture step-4.png',
    ])
    expect(states(summary)).toEqual({ 'a.jpg': 'done', 'b.jpg': 'skipped' })
    expect(summary.items[1]!.sentence).toMatch(/expected a place for step 2 \(the colour #ff0000\), found none in this picture/)
  })

  it('holds several pictures at work, of which one at a time paints', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png c.png d.png e.png f.png') })
    let [painting, most, atWork, mostAtWork] = [0, 0, 0, 0]
    await runBatch(settingsFor(job, { jobs: 3 }), {
      ms: 40,
      onEvent: (event) => {
        if (event.event === 'item') [atWork, mostAtWork] = [atWork + (event.item.state === 'running' ? 1 : -1), Math.max(mostAtWork, atWork + (event.item.state === 'running' ? 1 : -1))]
        if (event.event !== 'engine' || event.told.event !== 'progress') return
        if (event.told.phase === 'sample' && event.told.step === 1) [painting, most] = [painting + 1, Math.max(most, painting + 1)]
        if (event.told.phase === 'write') painting -= 1
      },
    })
    expect([most, mostAtWork]).toEqual([1, 3])
    const plain = makeJob(parent, { pictures: pictures('a.png b.png c.png d.png e.png f.png') })
    await runBatch(settingsFor(plain))
    expect(results(path.join(job, 'out'))).toEqual(results(path.join(plain, 'out')))
  })

  it('tells how far it is and how long it will take, and can be paused between pictures', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png c.png d.png') })
    const told: string[] = []
    let running: BatchRun | undefined
    const summary = await runBatch(settingsFor(job), {
      ms: 20,
      onEvent: (event, run) => {
        running = run
        if (event.event === 'progress') told.push(`${event.finished}/${event.total}${event.etaSeconds === undefined ? '' : ' eta'}`)
        if (event.event === 'item' && event.item.state === 'done' && event.item.key === 'b.png') {
          run.pause()
          setTimeout(() => {
            told.push(`paused with ${run.items.filter(({ state }) => state === 'done').length} done`)
            run.resume()
          }, 150)
        }
      },
    })
    expect(told).toEqual(['0/4', '1/4 eta', '2/4 eta', 'paused with 2 done', '3/4 eta', '4/4 eta'])
    expect(summary.counts.done).toBe(4)
    expect(running!.isPaused).toBe(false)
  })

  it('stopped in the middle gives up what is at work, and goes on from there', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png c.png') })
    const log = path.join(job, 'log')
    const summary = await runBatch(settingsFor(job), { ms: 200, log, onEvent: (event, run) => event.event === 'engine' && event.key === 'b.png' && run.cancel() })
    expect(summary.cancelled).toBe(true)
    expect(states(summary)).toEqual({ 'a.png': 'done', 'b.png': 'waiting', 'c.png': 'waiting' })
    expect(states(await runBatch(settingsFor(job), { log }))).toEqual({ 'a.png': 'earlier', 'b.png': 'done', 'c.png': 'done' })
    expect(edits(log)).toEqual(['a.png', 'b.png', 'b.png', 'c.png'])
  })

  it('tries a picture twice whose engine died, and counts the second death as its failure', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png') })
    const good = fakeEngine()
    let [deaths, calls] = [0, 0]
    const engine = {
      run: async (request: Record<string, unknown>, options = {}) => {
        calls += request['task'] === 'img2img' ? 1 : 0
        if (request['task'] === 'img2img' && (path.basename(String(request['image'])) === 'b.png' || (deaths += 1) === 1)) throw failed('process/stopped', 'The engine stopped while it was doing "sample".')
        return good.run(request, options)
      },
    }
    expect(states(await runBatch(settingsFor(job), { engine }))).toEqual({ 'a.png': 'done', 'b.png': 'failed' })
    expect(calls).toBe(4)
  })

  it('does not blame a picture for the death of an engine that its neighbour killed', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png c.png d.png') })
    const good = fakeEngine({ ms: 20 })
    const atWork = new Set<(error: unknown) => void>()
    const engine: JobEngine = {
      run: (request, options = {}) => new Promise((resolve, reject) => {
        atWork.add(reject)
        good.run(request, options).then((value) => {
          if (path.basename(String(request['image'])) !== 'b.png') return resolve(value)
          for (const die of atWork) die(failed('process/stopped', 'The engine stopped while it was doing "sample".')) // the whole process, and everything in it
        }, reject).finally(() => atWork.delete(reject))
      }),
    }
    expect(states(await runBatch(settingsFor(job, { jobs: 3, sheet: false }), { engine }))).toEqual({ 'a.png': 'done', 'b.png': 'failed', 'c.png': 'done', 'd.png': 'done' })
  })

  it('is refused while another runs on the same folder, and not because of one that was killed', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png') })
    const settings = settingsFor(job)
    const lock = acquireRunLock(settings.out, WHOLE)
    await expect(runBatch(settings)).rejects.toThrow(/expected a folder of results that nobody else is filling, found a batch at work there \(process \d+ on .*\); wait for it or stop it/)
    await expect(runBatch({ ...settings, shard: '1/2' })).rejects.toThrow(/nobody else is filling/)
    lock.release()
    const file = path.join(settings.out, '.palimpsest-batch', 'run-all.lock')
    fs.writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, startTime: 'x', host: (await import('node:os')).hostname(), program: 'palimpsest batch', since: 0 }))
    expect((await runBatch(settings)).counts.done).toBe(1)
    const elsewhere = { pid: 1, startTime: null, host: 'another-machine', program: 'palimpsest batch', since: 0 }
    fs.writeFileSync(file, JSON.stringify(elsewhere))
    await expect(runBatch(settings)).rejects.toThrow(/another-machine.*or a minute if that machine has stopped/)
    fs.utimesSync(file, new Date(0), new Date(0))
    expect((await runBatch(settings)).counts.earlier).toBe(1)
    const both = [acquireRunLock(settings.out, { index: 1, count: 2 }), acquireRunLock(settings.out, { index: 2, count: 2 })]
    for (const part of both) part.release()
  })
})

describe('whatever moment a batch is ended at', () => {
  it('the next run finishes or repeats exactly what is missing', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png') })
    const settings = settingsFor(job)
    await runBatch(settings)
    const whole = results(settings.out)
    const folder = path.join(settings.out, '.palimpsest-batch')
    const journal = path.join(folder, 'journal-all.jsonl')
    const [made, done] = fs.readFileSync(journal, 'utf8').trimEnd().split('\n')
    const { work } = readJournals(settings.out).get('a.png')!.made.values().next().value!
    const place = path.join(settings.out, 'a.png')
    const putWork = (): void => {
      fs.mkdirSync(path.dirname(path.join(settings.out, work)), { recursive: true })
      fs.writeFileSync(path.join(settings.out, work), whole['a.png']!)
    }
    /** what a kill can leave: journal lines, work file, result; and whether the picture is painted again */
    const moments: [string, () => void, boolean][] = [
      ['before the result was whole', () => { fs.writeFileSync(journal, ''); fs.rmSync(place); putWork(); fs.truncateSync(path.join(settings.out, work), 5) }, true],
      ['before its line', () => { fs.writeFileSync(journal, ''); fs.rmSync(place); putWork() }, true],
      ['in the middle of its line', () => { fs.writeFileSync(journal, made!.slice(0, 60)); fs.rmSync(place); putWork() }, true],
      ['before the move', () => { fs.writeFileSync(journal, `${made}\n`); fs.rmSync(place); putWork() }, false],
      ['within the move', () => { fs.writeFileSync(journal, `${made}\n`); putWork(); fs.rmSync(place); fs.linkSync(path.join(settings.out, work), place) }, false],
      ['after the move', () => fs.writeFileSync(journal, `${made}\n`), false],
      ['in the middle of the last line', () => fs.writeFileSync(journal, `${made}\n${done!.slice(0, 40)}`), false],
      ['after everything', () => undefined, false],
    ]
    for (const [moment, leave, again] of moments) {
      leave()
      const log = path.join(job, `log ${moment}`)
      expect((await runBatch(settings, { log })).counts.failed, moment).toBe(0)
      expect(results(settings.out), moment).toEqual(whole)
      expect(edits(log), moment).toEqual(again ? ['a.png'] : [])
      expect(fs.existsSync(path.join(folder, 'work', 'all')), moment).toBe(false)
    }
  })

  it('a result that a person deleted is made again, one that they moved to the rejected ones is not', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png') })
    const settings = settingsFor(job)
    await runBatch(settings)
    fs.rmSync(path.join(settings.out, 'a.png'))
    decide(settings.out, 'b.png', 'reject', 1)
    const summary = await runBatch(settings)
    expect(states(summary)).toEqual({ 'a.png': 'done', 'b.png': 'rejected' })
    expect(Object.keys(results(settings.out))).toEqual(['a.png', 'rejected/b.png'])
  })

  it('a disk that takes no journal stops the batch instead of risking doing things twice', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png') })
    const settings = settingsFor(job)
    const append = Journal.prototype.append
    Journal.prototype.append = () => {
      throw failed('project/disk-full', 'The disk is full.')
    }
    try {
      await expect(runBatch(settings)).rejects.toThrow('The disk is full.')
    } finally {
      Journal.prototype.append = append
    }
    expect(results(settings.out)).toEqual({})
  })
})

describe('the fidelity gate and the review', () => {
  const gated = (): ReturnType<typeof settingsFor> => settingsFor(makeJob(parent, { pictures: { 'good.png': 'fidelity=30', 'poor.png': 'fidelity=12', 'none.png': 'no figure' }, steps: [{ ...PLAIN_STEP, seed: 5 }] }), { minFidelity: 20 })

  it('put a result below the limit into the review folder, and let pass what has no figure', async () => {
    const settings = gated()
    const summary = await runBatch(settings)
    expect(states(summary)).toEqual({ 'good.png': 'done', 'none.png': 'done', 'poor.png': 'review' })
    expect(Object.keys(results(settings.out))).toEqual(['good.png', 'none.png', 'review/poor.png'])
    expect(summary.items.at(-1)!.sentence).toMatch(/Fidelity 12\.0 dB is below 20 dB/)
    expect(states(await runBatch(settings))).toEqual({ 'good.png': 'earlier', 'none.png': 'earlier', 'poor.png': 'review' })
  })

  it('accept moves a result to its place, reject aside, and neither is done again', async () => {
    const settings = gated()
    await runBatch(settings)
    expect(decide(settings.out, 'poor.png', 'accept', 1)).toMatchObject({ from: 'review/poor.png', to: 'poor.png' })
    expect(decide(settings.out, 'good.png', 'reject', 2)).toMatchObject({ from: 'good.png', to: 'rejected/good.png' })
    expect(states(await runBatch(settings))).toEqual({ 'good.png': 'rejected', 'none.png': 'earlier', 'poor.png': 'earlier' })
    expect(decide(settings.out, 'good.png', 'accept', 3)).toMatchObject({ from: 'rejected/good.png', to: 'good.png' })
    expect(states(await runBatch(settings))).toEqual({ 'good.png': 'earlier', 'none.png': 'earlier', 'poor.png': 'earlier' })
    expect(sentenceOf(() => decide(settings.out, 'other.png', 'accept', 4))).toMatch(/expected a picture with a result to decide about/)
  })

  it('retry keeps the old result and makes another with the next seed', async () => {
    const settings = gated()
    await runBatch(settings)
    const old = results(settings.out)['review/poor.png']
    const { to } = decide(settings.out, 'poor.png', 'retry', 1)
    expect(fs.readFileSync(path.join(settings.out, to), 'utf8')).toBe(old)
    const summary = await runBatch(settings)
    expect(states(summary)['poor.png']).toBe('review')
    expect(summary.items.at(-1)!.measures!.seed).toBe(6)
    expect(results(settings.out)['review/poor.png']).not.toBe(old)
    expect(states(await runBatch(settings))['poor.png']).toBe('review')
  })

  it('a decision whose move was cut off by a crash is carried out by the next run', async () => {
    const settings = gated()
    await runBatch(settings)
    decide(settings.out, 'poor.png', 'accept', 1)
    fs.renameSync(path.join(settings.out, 'poor.png'), path.join(settings.out, 'review', 'poor.png'))
    expect(states(await runBatch(settings))['poor.png']).toBe('earlier')
    expect(Object.keys(results(settings.out))).toEqual(['good.png', 'none.png', 'poor.png'])
  })
})

describe('what a batch tells', () => {
  it('beforehand is where every picture stands, without writing anything', async () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png') })
    const settings = settingsFor(job)
    expect(lookAhead(planBatch(settings)).map(({ state }) => state)).toEqual(['waiting', 'waiting'])
    expect(fs.existsSync(settings.out)).toBe(false)
  })

  it('afterwards is a JSON report and a contact sheet whose links lead to files, whatever the names', async () => {
    const job = makeJob(parent, { pictures: { 'a & <b> #1%.png': 'picture', 'broken.png': 'broken "quoted"' }, head: { name: 'Red <cars>' } })
    const settings = settingsFor(job)
    const summary = await runBatch(settings)
    expect(summary.reports.map((file) => path.basename(file))).toEqual(['batch-report.json', 'batch-report.html'])
    expect(JSON.parse(fs.readFileSync(summary.reports[0]!, 'utf8'))).toEqual(JSON.parse(JSON.stringify(summary)))
    const html = fs.readFileSync(summary.reports[1]!, 'utf8')
    expect(html).toContain('<h1>Red &lt;cars&gt;</h1>')
    expect(html).not.toMatch(/<b>|<script/)
    const links = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1]!)
    expect(links.length).toBe(6)
    // the unreadable picture has no thumbnails: its own file stands in for them
    for (const link of links) expect(fs.existsSync(path.join(settings.out, decodeURIComponent(link))), link).toBe(true)
  })
})
