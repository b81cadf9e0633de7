/** Words with the starter itself, models, and batches: the parts of the host that a person meets after the first edit. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { InputOf } from '../../../../preload/contract/channels.ts'
import { brushMask, hostRig, sampleDocument } from '../../../support/hostRig.ts'

const rig = hostRig()

describe('words', () => {
  it('become chips as the tokenizer reads them, with those the model does not know', async () => {
    const { chips, lost } = await rig.call('words.chips', { text: 'a (red:1.3) cat, by Zorblax' })
    expect(chips.map(({ word, known }) => [word, known])).toEqual([['a', true], ['red', true], ['cat', true], ['by', expect.any(Boolean)], ['Zorblax', false]])
    expect(lost).toEqual([])
    const long = await rig.call('words.chips', { text: Array.from({ length: 90 }, () => 'cat').join(' ') })
    expect(long.lost.length).toBeGreaterThan(0)
  })

  it('of a picture come from its recipe, else nobody guesses', async () => {
    const { which } = await sampleDocument(rig)
    expect(await rig.call('words.describe', which)).toMatchObject({ text: null, from: 'none' })
  })

  it('glow on the picture, and their glow becomes a mask', async () => {
    const { view, which } = await sampleDocument(rig, 'Glow')
    const job = await rig.ended((await rig.call('words.attention', { ...which, description: 'a house on a meadow', sampling: { steps: 2 } })).job)
    expect(job).toMatchObject({ state: 'done', error: null })
    const { maps, words, width, height } = job.result as { maps: string; words: { word: string; index: number }[]; width: number; height: number }
    expect(words.map(({ word }) => word)).toEqual(['a', 'house', 'on', 'a', 'meadow'])
    const map = await rig.call('words.map', { maps, index: 1 })
    expect([map.width, map.height, map.bytes.length, Math.max(...map.bytes)]).toEqual([width, height, width * height, 255])
    expect(await rig.refused('words.map', { maps, index: 5 })).toMatchObject({ code: 'words/no-word' })
    const masked = await rig.call('document.change', { ...which, base: view.head, change: { change: 'mask.select', layer: null, mode: 'replace', source: { from: 'attention', maps, where: 'attention(house) > 0.5' } } })
    const { tiles } = await rig.call('tiles.read', { ...which, tiles: [0, 1].map((x) => ({ layer: masked.activeMask!, plane: 'pixels' as const, level: 0, x, y: 0 })) })
    const white = tiles.reduce((sum, { bytes }) => sum + (bytes ?? new Uint8Array()).filter((value) => value > 0).length, 0)
    expect(white).toBeGreaterThan(0)
    expect(white).toBeLessThan(384 * 256)
    expect(await rig.refused('document.change', { ...which, base: masked.head, change: { change: 'mask.select', layer: null, mode: 'replace', source: { from: 'attention', maps, where: 'attention(zebra) > 0.5' } } })).toMatchObject({ exitCode: 2 })
  })

  it('are ready for a swap once the noise behind the picture is known, until the picture changes', async () => {
    const { which } = await sampleDocument(rig, 'Ready')
    await rig.call('settings.set', { change: { autoInvert: false } })
    const described = { ...which, description: 'a house on a meadow', sampling: { steps: 2 } }
    expect(await rig.call('words.ready', described)).toMatchObject({ ready: false, fidelity: null })
    const job = await rig.ended((await rig.call('words.invert', described)).job)
    expect(job).toMatchObject({ state: 'done', result: { method: 'direct', psnr: expect.any(Number) as number, faithful: expect.any(Boolean) as boolean } })
    const ready = await rig.call('words.ready', described)
    expect(ready).toMatchObject({ ready: true, fidelity: { method: 'direct' } })
    expect((await rig.call('media.read', { key: ready.fidelity!.errorMap })).media).toBe('image/png')
    await brushMask(rig, which)
    expect((await rig.call('words.ready', described)).ready).toBe(false)
  })

  it('have a forecast like every edit, and a shorter one once the noise is known', async () => {
    const { which } = await sampleDocument(rig, 'Forecast')
    const described = { ...which, description: 'a blue house on a meadow', sampling: { steps: 2 } }
    const { project: _project, document: _document, ...words } = described
    const intent = { intent: 'swap' as const, ...words, swap: [{ from: 'blue', to: 'red' }] }
    expect(await rig.call('edit.predict', { ...which, intent })).toMatchObject({ seconds: 14, peakBytes: 1e9, fits: true, device: 'cpu' })
    expect(rig.orders.asked.at(-1)).toMatchObject({ task: 'predict', request: { task: 'swap', prompt: 'a blue house on a meadow', swap: ['blue=>red'] } })
    await rig.ended((await rig.call('words.invert', described)).job)
    expect(await rig.call('edit.predict', { ...which, intent })).toMatchObject({ seconds: 9 })
  })

  it('are changed by a swap, and the picture is then described by the new ones', async () => {
    const { which } = await sampleDocument(rig, 'Swap')
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'swap', description: 'a blue house on a meadow', swap: [{ from: 'blue', to: 'red' }], inversion: 'direct', sampling: { steps: 2, seed: 1 } } })
    expect(await rig.ended(job)).toMatchObject({ state: 'done', title: 'Swap: blue → red', error: null })
    const [edit] = (await rig.call('staging.list', which)).edits
    expect(edit).toMatchObject({ kind: 'swap', results: [{ changedOutside: 0 }] })
    await rig.call('staging.accept', { ...which, operation: edit!.operation, ordinals: [0] })
    expect(await rig.call('words.describe', which)).toMatchObject({ text: 'a red house on a meadow', from: 'recipe' })
    await rig.call('history.undo', which)
    expect(await rig.call('words.describe', which)).toMatchObject({ text: 'a blue house on a meadow', from: 'typed', source: null })
    await rig.call('history.redo', which)
    expect(await rig.call('words.describe', which)).toMatchObject({ text: 'a red house on a meadow', source: edit!.operation })
  })

  it('stay the description when parts are painted over, and say so', async () => {
    const { which } = await sampleDocument(rig, 'Painted')
    const run = async (intent: InputOf<'edit.run'>['intent']): Promise<void> => {
      const job = await rig.ended((await rig.call('edit.run', { ...which, intent })).job)
      expect(job).toMatchObject({ state: 'done', error: null })
      await rig.call('staging.accept', { ...which, operation: job.operation!, ordinals: [0] })
    }
    await run({ intent: 'swap', description: 'a blue house', swap: [{ from: 'blue', to: 'red' }], inversion: 'direct', sampling: { steps: 2, seed: 1 } })
    const { source } = await rig.call('words.describe', which)
    await brushMask(rig, which)
    expect(await rig.call('words.describe', which)).toMatchObject({ text: 'a red house', source, note: expect.stringContaining('made with') as string })
    await run({ intent: 'fill', prompt: 'a tree', sampling: { steps: 2, seed: 2 } })
    expect(await rig.call('words.describe', { ...which, look: 'never' })).toMatchObject({ text: 'a red house', from: 'recipe', source, note: expect.stringContaining('painted since') as string })
    expect(await rig.call('words.describe', { ...which, look: 'always' })).toMatchObject({ text: null, from: 'none', source })
  })

  it('get the picture ready by themselves when nobody works, unless a person says not to', async () => {
    const { which } = await sampleDocument(rig, 'Idle')
    const described = { ...which, description: 'a red house', sampling: { steps: 2 } }
    await rig.call('settings.set', { change: { autoInvert: true } })
    const prepared = rig.next('words.prepared', ({ document }) => document === which.document)
    // told on a first start, before anything has run: so the window may look unasked
    expect(await rig.call('words.ready', described)).toMatchObject({ ready: false, predictedSeconds: 2 })
    await prepared
    await expect.poll(async () => (await rig.call('words.ready', described)).ready, { timeout: 20_000, interval: 200 }).toBe(true)
    expect((await rig.call('jobs.list', {})).jobs.some(({ project }) => project === which.project)).toBe(false)
  })
})

describe('models', () => {
  it('are listed with what they can and the words they know, and one is the default', async () => {
    const { models, default: chosen, defaultInpaint } = await rig.call('models.list', {})
    expect([chosen, defaultInpaint]).toEqual(['starter', 'starter-inpaint'])
    expect(models.find(({ id }) => id === 'starter')).toMatchObject({ source: 'bundled', kind: 'text-to-image', size: 256, licence: 'MIT', can: { describe: true }, problem: null, vocabulary: expect.arrayContaining(['cat']) as string[] })
    await rig.call('models.setDefault', { id: 'starter', task: 'fill' })
    expect((await rig.call('models.list', {})).defaultInpaint).toBe('starter')
    await rig.call('models.setDefault', { id: 'starter-inpaint', task: 'fill' })
    expect(await rig.refused('models.setDefault', { id: 'none', task: 'draw' })).toMatchObject({ code: 'model/unknown' })
    expect(await rig.refused('models.remove', { id: 'starter' })).toMatchObject({ code: 'model/bundled' })
  })

  it('are probed before they are added; what is none is told in a sentence', async () => {
    const broken = path.join(rig.home, 'broken.safetensors')
    fs.writeFileSync(broken, 'nonsense')
    const { file } = await rig.host.registerFile(broken)
    const probe = await rig.call('models.probe', { file })
    expect(probe).toMatchObject({ usable: false, kind: null })
    expect(probe.found).toContain('broken.safetensors')
    expect(await rig.refused('models.add', { file })).toMatchObject({ exitCode: 2 })
    const changed = rig.next('models.changed')
    const folder = path.join(rig.home, 'mine')
    fs.cpSync('models/starter', folder, { recursive: true })
    fs.rmSync(path.join(folder, 'model.json'))
    const added = await rig.host.registerFile(folder)
    expect(await rig.call('models.probe', { file: added.file })).toMatchObject({ usable: true, kind: 'text-to-image' })
    const row = await rig.call('models.add', { file: added.file })
    expect(row).toMatchObject({ source: 'added', problem: null })
    expect((await changed).models.map(({ id }) => id)).toContain(row.id)
    await rig.call('models.remove', { id: row.id })
    expect(fs.existsSync(path.join(folder, 'unet'))).toBe(true)
  })
})

describe('a model that was sent by a browser', () => {
  it('is kept among the models when it can be opened, and goes when it is removed', async () => {
    const nonsense = await rig.call('files.begin', { name: 'bad.safetensors', bytes: 3 })
    await rig.call('files.append', { file: nonsense.file, offset: 0, bytes: new Uint8Array(3) })
    await rig.call('files.end', { file: nonsense.file })
    expect(await rig.refused('models.add', { file: nonsense.file })).toMatchObject({ exitCode: 2 })
    expect(fs.existsSync(path.join(rig.home, 'data', 'models', 'bad'))).toBe(false)
  })
})

describe('a batch', () => {
  it('is checked, planned, run, looked at and decided about', async () => {
    const [inputs, outputs] = [path.join(rig.root, 'in'), path.join(rig.root, 'out')]
    for (const folder of [inputs, outputs]) fs.mkdirSync(folder, { recursive: true })
    for (const name of ['a', 'b']) {
      fs.copyFileSync('models/samples/meadow.png', path.join(inputs, `${name}.png`))
      fs.copyFileSync('models/samples/meadow-mask.png', path.join(inputs, `${name}_mask.png`))
    }
    const recipe = JSON.stringify({ format: 'palimpsest-recipe', version: 1, name: 'Cats', steps: [{ task: 'inpaint', aim: { mask: '{name}_mask.png' }, prompt: 'a cat', model: 'starter-inpaint', resizeMask: true }] })
    expect(await rig.call('batch.check', { recipe })).toMatchObject({ name: 'Cats', steps: [{ task: 'inpaint', summary: 'a cat' }] })
    expect(await rig.refused('batch.check', { recipe: '{}' })).toMatchObject({ exitCode: 2 })
    const { folders } = await rig.call('files.folders', {})
    const idOf = (name: string): string => folders.find((folder) => folder.name === name)!.file
    const planned = await rig.call('batch.plan', { recipe, inputs: idOf('in'), outputs: idOf('out'), masks: idOf('in'), maskSuffix: '_mask', glob: '?.png' })
    expect(planned).toMatchObject({ state: 'planned', total: 2, done: 0, name: 'Cats' })
    const over = rig.next('batch.changed', ({ view }) => view.batch === planned.batch && view.state === 'done')
    await rig.call('batch.start', { batch: planned.batch })
    expect((await over).view).toMatchObject({ done: 2, failed: 0 })
    const { items, total } = await rig.call('batch.items', { batch: planned.batch })
    expect([total, items.map(({ name, state }) => [name, state])]).toEqual([2, [['a.png', 'done'], ['b.png', 'done']]])
    const { key } = await rig.call('batch.media', { batch: planned.batch, index: 0, which: 'after', side: 64 })
    expect((await rig.call('media.read', { key })).media).toBe('image/webp')
    expect(await rig.call('batch.review', { batch: planned.batch, index: 1, verdict: 'reject' })).toMatchObject({ name: 'b.png', state: 'rejected' })
    expect(fs.existsSync(path.join(outputs, 'a.png'))).toBe(true)
    expect(fs.existsSync(path.join(outputs, 'b.png'))).toBe(false)
  })
})
