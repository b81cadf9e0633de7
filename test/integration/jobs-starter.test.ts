/** Batches and replays on the real engine with the models that come with the program: small pictures, few steps, no look at what is drawn. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../../main/engine/index.ts'
import { requestSchemas } from '../../main/engine/requests.ts'
import { checkProject } from '../../main/history/checkProject.ts'
import type { DocumentId, LayerId, OperationId } from '../../main/history/ids.ts'
import { newLayer } from '../../main/history/layers.ts'
import type { JsonObject, OperationInput } from '../../main/history/model.ts'
import { createProject } from '../../main/history/openProject.ts'
import type { Project } from '../../main/history/project.ts'
import { planReplay } from '../../main/history/replay.ts'
import { BatchRun } from '../../main/jobs/batch/batchRun.ts'
import { planBatch } from '../../main/jobs/batch/plan.ts'
import { type BatchSettings, batchSettingsSchema } from '../../main/jobs/batch/settings.ts'
import type { BatchSummary } from '../../main/jobs/batch/summary.ts'
import { documentInput } from '../../main/jobs/composition.ts'
import { runReplay } from '../../main/jobs/replay.ts'
import { addResults } from '../../main/jobs/stepResults.ts'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const missing = ['starter', 'starter-inpaint'].filter((id) => !fs.existsSync(path.join(models, id, 'model.json')))
if (missing.length > 0) process.stderr.write(`jobs-starter.test.ts is skipped in part: models/${missing.join(' and models/')} not in this checkout.\n`)

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-jobs-'))
let engine: Engine
beforeAll(() => {
  engine = createEngine({ bundledModels: models, dataDir: path.join(folder, 'data'), cacheDir: path.join(folder, 'cache') })
})
afterAll(async () => {
  await engine.dispose()
  fs.rmSync(folder, { recursive: true, force: true })
})

/** A flat picture with a disc of another colour, and a yellow square in its corner. */
async function disc(file: string, size: number, ground: string, colour: string, finish: (image: Sharp) => Sharp = (image) => image): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const svg = Buffer.from(`<svg width="${size}" height="${size}"><rect width="100%" height="100%" fill="${ground}"/><circle cx="${size / 2}" cy="${size / 2}" r="${size / 5}" fill="${colour}"/><rect width="${size / 8}" height="${size / 8}" fill="#e0c020"/></svg>`)
  await finish(sharp(svg).removeAlpha()).toFile(file)
}

async function run(job: string, steps: readonly object[], more: Partial<BatchSettings> = {}): Promise<BatchSummary> {
  fs.writeFileSync(path.join(job, 'recipe.json'), JSON.stringify({ format: 'palimpsest-recipe', version: 1, steps }))
  const settings = batchSettingsSchema.parse({ recipe: path.join(job, 'recipe.json'), in: path.join(job, 'in'), out: path.join(job, 'out'), ...more })
  return new BatchRun(planBatch(settings), { engine }).start()
}

const RED = { colour: '#d02020', tolerance: 0.15 }

describe('a batch without a model', () => {
  it('changes what its colours aim at, step by step, and keeps EXIF and profile of a JPEG', async () => {
    const job = path.join(folder, 'colours')
    await disc(path.join(job, 'in', 'a.jpg'), 96, '#2040c0', '#d02020', (image) => image.jpeg({ quality: 95 }).withIccProfile('p3').withExif({ IFD0: { Artist: 'A. Person' } }))
    await disc(path.join(job, 'in', 'b.png'), 64, '#2040c0', '#d02020')
    await disc(path.join(job, 'in', 'c.png'), 64, '#2040c0', '#20a030')
    const summary = await run(job, [{ task: 'remove', aim: RED }, { task: 'remove', aim: { colour: '#e0c020', tolerance: 0.15 } }])
    expect(summary.items.map(({ key, state }) => [key, state])).toEqual([['a.jpg', 'done'], ['b.png', 'done'], ['c.png', 'skipped']])
    const [before, after] = [await sharp(path.join(job, 'in', 'a.jpg')).metadata(), await sharp(path.join(job, 'out', 'a.jpg')).metadata()]
    expect([after.format, after.icc!.equals(before.icc!), after.exif!.includes('A. Person')]).toEqual(['jpeg', true, true])
    const colours = async (file: string): Promise<{ red: number; yellow: number }> => {
      const data = await sharp(file).raw().toBuffer()
      let [red, yellow] = [0, 0]
      for (let at = 0; at < data.length; at += 3) if (data[at]! > 150) data[at + 1]! > 120 ? (yellow += 1) : (red += 1)
      return { red, yellow }
    }
    expect(await colours(path.join(job, 'in', 'b.png'))).toEqual({ red: expect.toSatisfy((count: number) => count > 300) as number, yellow: 64 })
    expect(await colours(path.join(job, 'out', 'b.png'))).toEqual({ red: 0, yellow: 0 })
  })
})

describe.skipIf(missing.length > 0)('a batch with the starter', () => {
  it('aims by where a word looks, through two steps, and is the same with two pictures at work', async () => {
    const job = path.join(folder, 'words')
    for (const name of ['a.png', 'b.png']) await disc(path.join(job, 'in', name), 96, '#80c0f0', '#d02020')
    const steps = [{ task: 'inpaint', model: 'starter-inpaint', prompt: 'a blue house', steps: 2, aim: { where: 'attention(cat) > 0.5 and not attention(cat) < 0.1' } }, { task: 'remove', aim: RED }]
    const one = await run(job, steps, { sheet: false })
    expect(one.items.map(({ state, sentence }) => [state, sentence])).toEqual([['done', undefined], ['done', undefined]])
    expect(one.items[0]!.measures).toMatchObject({ changedOutside: 0 })
    const two = await run(job, steps, { out: path.join(job, 'two'), jobs: 2 })
    expect(two.counts.done).toBe(2)
    for (const name of ['a.png', 'b.png']) expect(fs.readFileSync(path.join(job, 'two', name)).equals(fs.readFileSync(path.join(job, 'out', name)))).toBe(true)
    for (const thumbnail of [two.items[0]!.before!, two.items[0]!.after!]) expect((await sharp(path.join(job, 'two', thumbnail)).metadata()).format).toBe('webp')
  }, 240_000)
})

describe.skipIf(missing.length > 0)('two requests to one engine at a time', () => {
  it('take turns with the model, make the bytes they make alone, and count for themselves', async () => {
    const place = path.join(folder, 'turns')
    await disc(path.join(place, 'photo.png'), 96, '#80c0f0', '#d02020')
    await sharp(Buffer.from('<svg width="96" height="96"><rect width="100%" height="100%"/><circle cx="48" cy="48" r="20" fill="white"/></svg>')).removeAlpha().png().toFile(path.join(place, 'mask.png'))
    const told: string[] = []
    const ask = async (name: string, steps: number): Promise<{ calls: unknown; bytes: Buffer }> => {
      const out = path.join(place, `${name}.png`)
      const answer = await engine.run({ task: 'inpaint', model: 'starter-inpaint', prompt: 'a blue house', steps, seed: steps, device: 'cpu', image: path.join(place, 'photo.png'), mask: path.join(place, 'mask.png'), out }, {
        onEvent: (event) => event.event === 'progress' && told.push(`${name} ${event.phase}`),
      })
      return { calls: answer['unetCalls'], bytes: fs.readFileSync(out) }
    }
    const alone = [await ask('first', 2), await ask('second', 3)]
    told.length = 0
    expect(await Promise.all([ask('first', 2), ask('second', 3)])).toEqual(alone)
    expect(alone[0]!.calls).not.toBe(alone[1]!.calls)
    const at = (what: string): number => told.indexOf(what)
    expect(at('second wait')).toBeGreaterThanOrEqual(0)
    expect(at('second wait')).toBeLessThan(at('first write'))
    expect(at('second load')).toBeGreaterThan(at('first write'))
  }, 120_000)
})

interface Edit { readonly task: 'inpaint' | 'remove'; readonly params: JsonObject; readonly mask: string }

/** An edit as the editor makes one: the document flattened, the engine's run, its patch as a layer, one commit. */
async function commitEdit(project: Project, document: DocumentId, work: string, edit: Edit): Promise<OperationId> {
  fs.mkdirSync(work, { recursive: true })
  const parent = project.head(document)
  await engine.run({ task: 'compose', ...documentInput(project, parent, work), out: path.join(work, 'flattened.png') })
  const image = await project.addBlobFile(path.join(work, 'flattened.png'), 'image/png')
  const mask = await project.addBlobFile(edit.mask, 'image/png')
  const before = project.blobs.path(image.hash)
  const { task: _, ...defaults } = requestSchemas[edit.task].parse({ task: edit.task, model: 'starter-inpaint', prompt: '', ...edit.params, image: before, mask: project.blobs.path(mask.hash), out: path.join(work, 'out.png') }) as Record<string, unknown>
  const answer = await engine.run({ ...defaults, task: edit.task })
  const results = await addResults(project, ['patch', 'patch-mask'], { engine, options: {}, before, after: path.join(work, 'out.png'), seed: Number(edit.params['seed']), work })
  const [patch, patchMask] = results
  const { x, y } = patch!.metrics!['box'] as { x: number; y: number } // addResults puts it there
  const { image: __, mask: ___, out: ____, model, seed: _____, ...params } = defaults
  return project.commitOperation(document, {
    kind: edit.task, title: `${edit.task} ${String(edit.params['prompt'] ?? '')}`, seed: Number(edit.params['seed']), params: params as JsonObject,
    ...(typeof model === 'string' && edit.task === 'inpaint' ? { model, modelHash: String(answer['modelHash']), device: String(answer['device']) } : {}),
    inputs: [
      { role: 'image', hash: image.hash, source: { from: 'composite', operation: parent } },
      { role: 'mask', hash: mask.hash, source: { from: 'blob' } },
    ] satisfies OperationInput[],
    results,
    layers: [newLayer({
      id: project.newLayerId(), kind: 'edit-result', name: edit.task, position: project.state(document).layers.size, transform: [1, 0, 0, 1, x, y],
      pixels: { hash: patch!.hash, width: patch!.width!, height: patch!.height! }, mask: { hash: patchMask!.hash, width: patchMask!.width!, height: patchMask!.height! },
    })],
  })
}

describe.skipIf(missing.length > 0)('a project of nine steps made with the starter', () => {
  it('replays to the same bytes on the same machine, and with step 3 changed only what stands on it differs', async () => {
    const place = path.join(folder, 'nine')
    await disc(path.join(place, 'photo.png'), 96, '#80c0f0', '#d02020')
    for (const [index, [cx, cy]] of [[30, 30], [60, 60], [48, 40]].entries())
      await sharp(Buffer.from(`<svg width="96" height="96"><rect width="100%" height="100%"/><circle cx="${cx}" cy="${cy}" r="14" fill="white"/></svg>`)).removeAlpha().png().toFile(path.join(place, `mask-${index}.png`))
    const project = createProject(path.join(place, 'project'), 'Nine')
    const photo = await project.addBlobFile(path.join(place, 'photo.png'), 'image/png')
    const { document } = project.createDocument({
      name: 'Photo', kind: 'open', title: 'Open photo.png', canvas: { width: 96, height: 96, extra: {} },
      layers: [newLayer({ id: project.newLayerId(), kind: 'image', name: 'Photo', pixels: { hash: photo.hash, width: 96, height: 96 } }), newLayer({ id: project.newLayerId(), kind: 'paint', name: 'Paint', position: 1 })],
    })
    const steps: OperationId[] = []
    const edit = async (task: Edit['task'], mask: number, params: JsonObject): Promise<void> => {
      steps.push(await commitEdit(project, document, path.join(place, `work-${steps.length}`), { task, mask: path.join(place, `mask-${mask}.png`), params: { ...params, device: 'cpu' } }))
    }
    const paint = 2 as LayerId // the second layer made above
    await edit('inpaint', 0, { prompt: 'a red cat', steps: 2, seed: 1 })
    await edit('remove', 1, { seed: 2 })
    await edit('inpaint', 1, { prompt: 'a blue house', steps: 2, seed: 3 })
    const bytes = new Uint8Array(256 * 256 * 4)
    for (let at = 0; at < 4 * 256 * 20; at += 4) bytes.set([20, 160, 40, 255], at)
    steps.push(project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint, plane: 'pixels', x: 0, y: 0, pixels: { format: 'rgba8', bytes } }] }))
    await edit('inpaint', 2, { prompt: 'a tree', steps: 2, seed: 5 })
    steps.push(project.commitOperation(document, { kind: 'layer', title: 'Opacity', layers: [{ ...project.state(document).layers.get(paint)!, opacity: 0.5 }] }))
    await edit('remove', 0, { seed: 7 })
    await edit('inpaint', 0, { prompt: 'a dog', steps: 2, seed: 8 })
    await edit('inpaint', 2, { prompt: 'a flower', steps: 2, seed: 9 })
    expect(steps).toHaveLength(9)

    const work = (name: string): string => fs.mkdtempSync(path.join(place, name))
    const same = await runReplay(project, planReplay(project, steps[0]!, {}), { engine, work: work('same') })
    expect(same.notices).toEqual([])
    expect(same.steps.map(({ results }) => results.every((result) => result.same))).toEqual(Array.from({ length: 9 }, () => true))
    expect(same.steps.flatMap(({ results }) => results)).toHaveLength(14)
    expect(project.difference(steps[8]!, same.to)).toEqual({ canvas: null, layers: [], tiles: [] })

    const changed = await runReplay(project, planReplay(project, steps[2]!, { seed: 33 }, steps[8]!), { engine, work: work('changed') })
    expect(changed.steps).toHaveLength(7)
    expect(changed.steps[0]!.results.some((result) => !result.same)).toBe(true)
    expect(project.head(document)).toBe(changed.to)
    // and the whole picture is told how far it is from what it was
    expect(same.picture).toEqual({ same: true, psnr: null, changedSamples: 0 })
    expect(changed.picture).toMatchObject({ same: false, psnr: expect.toSatisfy((psnr: number) => psnr > 5 && psnr < 60) as number })
    // A patch that was cut elsewhere takes its layer along.
    const made = project.operation(changed.steps[0]!.made).results[0]!
    const layer = [...project.state(document, changed.to).layers.values()].find(({ pixels }) => pixels?.hash === made.hash)!
    const box = made.metrics['box'] as { x: number; y: number; width: number; height: number }
    expect([layer.transform[4], layer.transform[5], layer.pixels!.width, layer.pixels!.height]).toEqual([box.x, box.y, box.width, box.height])
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  }, 300_000)
})
