/** Editing with words through the engine, on the tiny random checkpoint: exactness, what is left alone, what is refused. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../main/engine/index.ts'
import { EngineError } from '../../main/engine/errors.ts'
import { openPicture } from '../../main/engine/image/codec.ts'
import { pictureFromSamples } from '../../main/engine/image/picture.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'
import type { EngineEvent } from '../../main/engine/requests.ts'
import type { Tensor } from '../../main/engine/tensor/tensor.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'pipelines')
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-words-'))
const engine = createEngine({ bundledModels: fixtures, dataDir: path.join(folder, 'data'), cacheDir: path.join(folder, 'cache') })
afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const image = path.join(fixtures, 'picture.png')
const file = (name: string): string => path.join(folder, name)
const common = { model: 'tiny', device: 'cpu', steps: 5, seed: 7, guidance: 4 }
const swapOf = (more: object) => ({ ...common, task: 'swap', prompt: 'a red cat in snow', out: file('out.png'), ...more })

async function run(request: object, on = engine): Promise<{ result: Record<string, unknown>; warnings: string[]; events: EngineEvent[] }> {
  const events: EngineEvent[] = []
  const result = await on.run(request, { onEvent: (event) => events.push(event) })
  return { result, events, warnings: events.flatMap((event) => (event.event === 'warning' ? [event.message] : [])) }
}

async function refusal(request: object): Promise<EngineError> {
  try {
    await engine.run(request)
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
  throw new Error('expected a refusal')
}

interface Forecast {
  readonly seconds: number
  readonly peakBytes: number
  readonly fits: boolean
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[]
}

const forecastOf = async (request: object, on = engine): Promise<Forecast> => (await run({ task: 'predict', request }, on)).result as unknown as Forecast // as the task tells it

function traceOf(name: string): Tensor {
  return readTensor(readSafetensorsHeader(file(name)).tensors.get('latents')!)
}

describe('equal prompts', () => {
  test('the edited row equals the source row to the last bit, and the plain run', async () => {
    await run(swapOf({ target: 'a red cat in snow', scheduler: 'ddim', trace: file('same.safetensors') }))
    const both = traceOf('same.safetensors')
    expect(both.dims).toEqual([5, 2, 4, 8, 8])
    const row = (step: number, branch: number): Float32Array => both.data.slice((step * 2 + branch) * 256, (step * 2 + branch + 1) * 256)
    for (let step = 0; step < 5; step++) expect(Buffer.from(row(step, 1).buffer).equals(Buffer.from(row(step, 0).buffer)), `step ${step + 1}`).toBe(true)
    await run({ ...common, task: 'txt2img', prompt: 'a red cat in snow', scheduler: 'ddim', out: file('plain.png'), trace: file('plain.safetensors') })
    const plain = traceOf('plain.safetensors')
    const largest = plain.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    for (let step = 0; step < 5; step++) {
      const gap = row(step, 1).reduce((most, value, i) => Math.max(most, Math.abs(value - plain.data[step * 256 + i]!)), 0)
      expect(gap / largest, `step ${step + 1}`).toBeLessThanOrEqual(1e-5)
    }
  })

  test.each(['masactrl', 'pnp'])('so does %s, whose target looks at the same', async (method) => {
    await run(swapOf({ target: 'a red cat in snow', method, trace: file(`${method}.safetensors`) }))
    const { data } = traceOf(`${method}.safetensors`)
    // plug-and-play gives the unconditional row conditional features, so only its conditional half is equal
    if (method === 'masactrl') expect(Buffer.from(data.slice(0, 256).buffer).equals(Buffer.from(data.slice(256, 512).buffer))).toBe(true)
    expect(data.every(Number.isFinite)).toBe(true)
  })
})

describe('a real picture', () => {
  test('a second edit starts from the kept inversion', async () => {
    const request = swapOf({ image, swap: ['cat=>dog'], inversion: 'direct', steps: 6 })
    const first = (await run(request)).result
    const second = (await run({ ...request, swap: ['cat=>fox'] })).result
    expect([first['inversionCached'], second['inversionCached']]).toEqual([false, true])
    expect([first['rowForwardsInversion'], first['rowForwardsEdit']]).toEqual([6, 18])
    expect([second['rowForwardsInversion'], second['rowForwardsEdit']]).toEqual([0, 18])
    expect(second['target']).toBe('a red fox in snow')
  })

  test('direct inversion keeps the source branch on the inverted latents', async () => {
    await run(swapOf({ image, swap: ['cat=>dog'], inversion: 'direct', trace: file('direct.safetensors') }))
    await run({ ...common, task: 'invert', image, prompt: 'a red cat in snow', method: 'direct', trajectory: file('kept.safetensors') })
    const [trace, kept] = [traceOf('direct.safetensors'), traceOf('kept.safetensors')]
    for (let step = 0; step < 5; step++) {
      expect([...trace.data.slice(step * 512, step * 512 + 256)]).toEqual([...kept.data.slice((4 - step) * 256, (5 - step) * 256)])
    }
  })

  test.each(['ddim', 'npi', 'direct', 'renoise', 'edict', 'ef-ddpm'])('can be inverted by %s', async (method) => {
    const { result } = await run({ ...common, task: 'invert', image, prompt: 'a red cat in snow', method, steps: 20, out: file('back.png') })
    expect(existsSync(file('back.png'))).toBe(true)
    expect(result['psnr']).toEqual(expect.any(Number))
    if (method === 'edict') expect(result['latentPsnr']).toBeGreaterThan(60)
    // these two reach the picture's own latents
    if (method === 'direct' || method === 'ef-ddpm') expect(result['psnr']).toBe(result['vaePsnr'])
  })

  test.each(['ddim', 'npi', 'renoise', 'edict', 'ef-ddpm'])('can be edited after %s', async (inversion) => {
    const { result } = await run(swapOf({ image, swap: ['cat=>dog'], inversion, steps: 10 }))
    expect(result['inversion']).toBe(inversion)
    expect(result['fidelityPsnr']).toEqual(expect.any(Number))
  })

  test('proximal guidance changes what negative-prompt inversion draws', async () => {
    const trace = file('prox.safetensors')
    const last = async (more: object): Promise<string> => {
      await run(swapOf({ image, swap: ['cat=>dog'], inversion: 'npi', trace, ...more }))
      return traceOf('prox.safetensors').data.slice(-256).join()
    }
    const results = [await last({}), await last({ proximal: 'soft' }), await last({ proximal: 'hard' })]
    expect(new Set(results).size).toBe(3)
  })

  test.each(['inversion', 'reconstruction'])('its %s guidance acts late in the run, and more of it brings the target nearer to the picture', async (proximalGuide) => {
    const name = file(`prox-${proximalGuide}.safetensors`)
    await run({ ...common, task: 'invert', image, prompt: 'a red cat in snow', method: 'npi', steps: 10, trajectory: file('levels.safetensors') })
    const kept = traceOf('levels.safetensors')
    const traced = async (more: object): Promise<Float32Array> => {
      await run(swapOf({ image, swap: ['cat=>dog'], inversion: 'npi', steps: 10, localBlend: false, proximal: 'soft', trace: name, ...more }))
      return traceOf(path.basename(name)).data
    }
    const target = (data: Float32Array, step: number): Float32Array => data.slice((step * 2 + 1) * 256, (step * 2 + 2) * 256)
    const distance = (data: Float32Array): number => target(data, 9).reduce((sum, value, i) => sum + (value - kept.data[i]!) ** 2, 0)
    const [without, some, most] = [await traced({}), await traced({ proximalGuide, proximalRate: 0.5 }), await traced({ proximalGuide, proximalDilate: 0 })]
    // timesteps 901, 801 ... 1: from the sixth step on they are below 400
    expect([...target(most, 5)]).toEqual([...target(without, 5)])
    expect([...target(most, 6)]).not.toEqual([...target(without, 6)])
    expect(distance(some)).toBeLessThan(distance(without))
    expect(distance(most)).toBeLessThan(distance(some))
  })

  test('auto takes the cheapest inversion that is faithful enough, and tells what it tried', async () => {
    const auto = async (more: object) => run(swapOf({ image, swap: ['cat=>dog'], inversion: 'auto', steps: 12, ...more }))
    const easy = await auto({ fidelity: 0 })
    expect(easy.result).toMatchObject({ inversion: 'direct', inversionsTried: [{ inversion: 'direct' }], rowForwardsInversion: 12 })
    // more than the autoencoder keeps: nothing dearer could help
    const hopeless = await auto({ fidelity: 100 })
    expect(hopeless.result).toMatchObject({ inversion: 'direct' })
    expect(hopeless.result['inversionsTried']).toBeUndefined()
    expect(hopeless.warnings.join()).toMatch(/autoencoder keeps .* less than the 100 dB asked with --fidelity/)
  })

  test('a long description is read whole with --long-prompt chunk', async () => {
    const prompt = `a red cat ${'and a dog '.repeat(40)}in snow`
    const trace = file('long.safetensors')
    const last = async (more: object): Promise<{ latents: string; warnings: string[] }> => {
      const { warnings } = await run(swapOf({ image, prompt, swap: ['snow=>rain'], inversion: 'direct', trace, ...more }))
      return { latents: traceOf('long.safetensors').data.slice(-256).join(), warnings }
    }
    const [cut, whole] = [await last({}), await last({ longPrompt: 'chunk' })]
    expect(cut.warnings.join()).toMatch(/has 293 tokens and the model reads 75 at a time; not read/)
    expect(whole.warnings.join()).not.toMatch(/not read/)
    expect(whole.latents).not.toBe(cut.latents)
    // cut, the swapped word is not read, so that source and target are one
    await run(swapOf({ image, prompt, target: prompt, longPrompt: 'chunk', inversion: 'direct', guidance: 1, localBlend: false, trace }))
    const same = traceOf('long.safetensors').data
    expect(same.every(Number.isFinite)).toBe(true)
  })

  test('a negative prompt over a window is read whole as well', async () => {
    const { result } = await run(swapOf({ image, swap: ['cat=>dog'], inversion: 'direct', negative: 'blurry BREAK dark' }))
    expect(result['changedOutside']).toBe(0)
  })

  test('a drawn mask confines the edit: nothing outside changes, something inside does', async () => {
    const mask = path.join(fixtures, 'mask.png')
    const { result } = await run(swapOf({ image, swap: ['cat=>dog'], mask, grow: 0, feather: 0, ring: 2, out: file('masked.png') }))
    expect(result['changedOutside']).toBe(0)
    const [before, after, white] = [await openPicture(image), await openPicture(file('masked.png')), await openPicture(mask)]
    const changed = { inside: 0, outside: 0 }
    before.samples.forEach((value, i) => {
      const pixel = Math.floor(i / before.channels)
      const [x, y] = [pixel % 64, Math.floor(pixel / 64)]
      // 4 pixels around the mask's box hold the blend ring
      const near = x >= 12 && x < 52 && y >= 20 && y < 60
      if (value !== after.samples[i]) changed[near ? 'inside' : 'outside'] += 1
    })
    expect(white.width).toBe(64)
    expect(changed.outside).toBe(0)
    expect(changed.inside).toBeGreaterThan(0)
  })

  test('the recipe says what was changed, and a later edit starts from it', async () => {
    await run(swapOf({ image, swap: ['cat=>dog'], out: file('one.png') }))
    const { result } = await run(swapOf({ image: file('one.png'), prompt: undefined, swap: ['dog=>bird'], out: file('two.png') }))
    expect([result['promptFrom'], result['prompt'], result['target']]).toEqual(['recipe', 'a red dog in snow', 'a red bird in snow'])
  })

  test('progress goes through the inversion and the edit, step by step', async () => {
    const { events } = await run(swapOf({ image, swap: ['cat=>owl'], prompt: 'a green cat' }))
    const phases = events.flatMap((event) => (event.event === 'progress' ? [event.phase] : []))
    for (const phase of ['encode', 'invert', 'sample', 'decode', 'write']) expect(phases).toContain(phase)
    expect(events.some((event) => event.event === 'progress' && event.phase === 'invert' && event.step === event.steps)).toBe(true)
  })
})

describe('auto on the starter, whose autoencoder holds pictures', () => {
  const root = path.join(import.meta.dirname, '..', '..', 'models')
  const starter = createEngine({ bundledModels: root, dataDir: path.join(folder, 'starter-data'), cacheDir: path.join(folder, 'starter-cache') })
  afterAll(() => starter.dispose())
  const request = { ...common, task: 'swap', model: 'starter', image: path.join(root, 'samples', 'meadow.png'), prompt: 'a red cat on a meadow', swap: ['cat=>dog'], inversion: 'auto', steps: 6, out: file('auto.png') }

  test('goes from direct to renoise to edict as more fidelity is asked, and remembers what it measured', async () => {
    const easy = await starter.run({ ...request, fidelity: 1 })
    expect(easy).toMatchObject({ inversion: 'direct', inversionsTried: [{ inversion: 'direct' }], rowForwardsInversion: 6 })
    const vae = easy['vaePsnr'] as number
    const asked = { ...request, fidelity: vae - 0.02 }
    const hard = await starter.run(asked)
    const tried = hard['inversionsTried'] as { inversion: string; psnr: number }[]
    expect(tried.map(({ inversion }) => inversion)).toEqual(['direct', 'renoise', 'edict'])
    expect(hard['inversion']).toBe('edict')
    expect(tried[0]!.psnr).toBeLessThan(tried[1]!.psnr)
    expect(tried[2]!.psnr).toBeCloseTo(vae, 1)
    // 2 x 6 to renoise, 6 to come back, and edict: 5 of 6 steps, both of its latents, guided
    expect(hard['rowForwardsInversion']).toBe(12 + 6 + 5 * 2 * 2)
    const again = await starter.run(asked)
    expect(again).toMatchObject({ inversion: 'edict', inversionsTried: tried, rowForwardsInversion: 0, inversionCached: true })
  }, 60_000)
})

describe('attention', () => {
  test('shows a map per word, of a picture and of a drawing', async () => {
    for (const more of [{ image }, { size: { width: 96, height: 64 } }]) {
      const out = file(`maps-${'image' in more ? 'image' : 'drawn'}`)
      const { result } = await run({ ...common, task: 'attention', prompt: 'a red cat, snow', out, ...more })
      expect((result['words'] as { word: string }[]).map(({ word }) => word)).toEqual(['a', 'red', 'cat', 'snow'])
      const { tensors, metadata } = readSafetensorsHeader(path.join(out, 'maps.safetensors'))
      const words = readTensor(tensors.get('words')!)
      expect(words.dims).toEqual([4, 8, 'image' in more ? 8 : 12])
      expect(words.data.every((value) => value >= 0)).toBe(true)
      expect(JSON.parse(metadata['words']!)).toHaveLength(4)
      expect((await openPicture(path.join(out, 'words.png'))).width).toBeGreaterThan(256)
    }
  })

  test('a drawn bias at least doubles the attention inside the paint', async () => {
    const paint = file('paint.png')
    const samples = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 24 ? 255 : 0))
    await writePicture(pictureFromSamples(samples, { width: 64, height: 64, channels: 1 }), paint)
    const { result } = await run(swapOf({ target: 'a red cat in snow', bias: [`cat=${paint}`], biasStrength: 1, cross: 1 }))
    const mass = result['biasMass'] as { word: string; before: number; after: number }[]
    expect(mass[0]!.word).toBe('cat')
    expect(mass[0]!.after).toBeGreaterThan(2 * mass[0]!.before)
  })
})

describe('a drawing of where a word is not to be', () => {
  const left = (i: number): boolean => i % 64 < 24
  const drawing = async (name: string): Promise<string> => {
    await writePicture(pictureFromSamples(Uint8Array.from({ length: 64 * 64 }, (_, i) => (left(i) ? 255 : 0)), { width: 64, height: 64, channels: 1 }), file(name))
    return file(name)
  }

  test('at least halves the attention inside the paint, on a drawn and on a real picture', async () => {
    const paint = await drawing('less.png')
    for (const more of [{}, { image, inversion: 'direct', localBlend: false, steps: 4 }]) {
      const { result } = await run(swapOf({ bias: [`cat!=${paint}`], target: 'a red cat in snow', biasStrength: 1, cross: 1, ...more }))
      const [mass] = result['biasMass'] as { word: string; paint: string; before: number; after: number }[]
      expect(mass).toMatchObject({ word: 'cat', paint: 'less' })
      expect(mass!.before).toBeGreaterThan(0)
      expect(mass!.after).toBeLessThan(mass!.before / 2)
    }
  })

  test('opens the painted place to the edit, though no word of the description changes', async () => {
    const paint = await drawing('open.png')
    const request = { image, inversion: 'direct', steps: 4, bias: [`cat!=${paint}`], composite: false, blendThreshold: 1, blendStart: 0 }
    const { result } = await run(swapOf({ ...request, trace: file('open.safetensors') }))
    // no cell exceeds a threshold of 1: what is open is the paint, three of eight columns
    expect(result['blendShare']).toBe(3 / 8)
    const { data } = traceOf('open.safetensors')
    const differs = Array.from({ length: 256 }, (_, i) => data[i] !== data[256 + i])
    expect(differs.every((value, i) => !value || i % 8 < 3)).toBe(true)
    expect(differs.some(Boolean)).toBe(true)
  })

  test('and one of where it is to be can be of the same word', async () => {
    const paint = await drawing('both.png')
    const right = file('right.png')
    await writePicture(pictureFromSamples(Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 64 >= 40 ? 255 : 0)), { width: 64, height: 64, channels: 1 }), right)
    const { result } = await run(swapOf({ bias: [`cat!=${paint}`, `cat=${right}`], target: 'a red cat in snow', biasStrength: 1, cross: 1 }))
    const [less, more] = result['biasMass'] as { paint: string; before: number; after: number }[]
    expect([less!.paint, more!.paint]).toEqual(['less', 'more'])
    expect(less!.after).toBeLessThan(less!.before / 2)
    expect(more!.after).toBeGreaterThan(2 * more!.before)
  })
})

describe('evaluate', () => {
  const bench = file('bench')
  mkdirSync(path.join(bench, 'annotation_images', '1'), { recursive: true })
  const entry = { image_path: '1/a.png', original_prompt: 'a red cat', editing_prompt: 'a red [dog]', editing_type_id: '1', blended_word: 'cat dog', mask: [640, 500], image_size: [64, 64] }
  writeFileSync(path.join(bench, 'mapping_file.json'), JSON.stringify({ a: entry, b: { ...entry, editing_type_id: '6', blended_word: '' } }))
  copyFileSync(image, path.join(bench, 'annotation_images', '1', 'a.png'))
  const request = { ...common, task: 'evaluate', bench, out: file('results'), methods: ['ddim+p2p', 'direct+masactrl'], steps: 3 }

  test('writes tables and a sheet, and goes on where it stopped', async () => {
    const { result } = await run(request)
    expect(result).toMatchObject({ edits: 2, resumed: 0 })
    for (const name of ['table.md', 'table.json', 'sheet.png', 'results.jsonl']) expect(readdirSync(file('results'))).toContain(name)
    // an interruption in the middle of a line
    const lines = readFileSync(file('results/results.jsonl'), 'utf8').trimEnd().split('\n')
    // the settings, an inversion with and one without words per edit, two methods per edit
    expect(lines).toHaveLength(9)
    writeFileSync(file('results/results.jsonl'), `${lines.slice(0, 8).join('\n')}\n${lines[8]!.slice(0, 40)}`)
    const again = await run(request)
    expect(again.result).toMatchObject({ edits: 2, left: 0, resumed: 1 })
    const table = JSON.parse(readFileSync(file('results/table.json'), 'utf8')) as { results: { id: string; secondsInversion: number }[] }
    expect(table.results).toHaveLength(4)
    // the edit that was done again took its inversion from the disk: the table has what it took when it was made
    const { seconds } = lines.map((line) => JSON.parse(line) as { inversion?: string; seconds: number }).find(({ inversion }) => inversion === 'ddim no words b')!
    expect(table.results.filter(({ id }) => id === 'b').at(-1)!.secondsInversion).toBe(seconds)
  })

  test('takes one edit of each kind after the other, stops in time with every method at the same edits, and goes on', async () => {
    const many = file('many')
    mkdirSync(path.join(many, 'annotation_images', '1'), { recursive: true })
    copyFileSync(image, path.join(many, 'annotation_images', '1', 'a.png'))
    const kinds = { a: '1', b: '1', c: '1', d: '1', e: '6', f: '6', g: '8' }
    writeFileSync(path.join(many, 'mapping_file.json'), JSON.stringify(Object.fromEntries(Object.entries(kinds).map(([id, kind]) => [id, { ...entry, editing_type_id: kind }]))))
    const whole = { ...request, bench: many, out: file('many-results'), methods: ['direct+p2p', 'direct+pnp'], steps: 2 }
    const { result, warnings } = await run({ ...whole, minutes: 1e-6 })
    expect(result).toMatchObject({ edits: 5, left: 2, resumed: 0 })
    expect(warnings.join()).toMatch(/2 of 7 edits are left/)
    const done = (): string[] => (JSON.parse(readFileSync(file('many-results/table.json'), 'utf8')) as { results: { method: string; id: string }[] }).results.map(({ method, id }) => `${method} ${id}`)
    expect(done()).toEqual(['direct+p2p', 'direct+pnp'].flatMap((method) => ['a', 'e', 'g', 'b', 'f'].map((id) => `${method} ${id}`)))
    expect((await run({ ...whole, limit: 1 })).result).toMatchObject({ edits: 3, left: 0, resumed: 3 })
    expect((await run(whole)).result).toMatchObject({ edits: 7, left: 0, resumed: 5 })
    expect(done()).toHaveLength(14)
  })

  test('direct inversion is not plain DDIM, with any way of editing: the source comes back as the autoencoder has it, and the edit differs', async () => {
    const { result } = await run({ ...request, out: file('direct'), methods: ['p2p', 'masactrl', 'pnp'].flatMap((edit) => [`ddim+${edit}`, `direct+${edit}`]), steps: 10 })
    const fidelity = new Map((result['methods'] as { method: string; means: { fidelity: number } }[]).map(({ method, means }) => [method, means.fidelity]))
    for (const edit of ['p2p', 'masactrl', 'pnp']) {
      expect(fidelity.get(`direct+${edit}`), edit).toBe(fidelity.get('direct+p2p'))
      expect(fidelity.get(`ddim+${edit}`), edit).not.toBe(fidelity.get('direct+p2p'))
      const [ddim, direct] = await Promise.all(['ddim', 'direct'].map((inversion) => openPicture(file(`direct/pictures/${inversion}+${edit}/a.png`))))
      expect(Buffer.from(ddim!.samples.buffer).equals(Buffer.from(direct!.samples.buffer)), edit).toBe(false)
    }
  })

  test('measures with LPIPS and DINO when their files are there, and says what is missing when not', async () => {
    const metrics = path.join(fixtures, '..', 'metrics')
    const { result } = await run({ ...request, out: file('measured'), methods: ['direct+p2p', 'proxnpi+p2p'], lpips: path.join(metrics, 'lpips-squeeze.safetensors'), dino: path.join(metrics, 'vit-dino.safetensors') })
    const { results } = JSON.parse(readFileSync(file('measured/table.json'), 'utf8')) as { results: { method: string; structure: number; backgroundLpips: number }[] }
    for (const { structure, backgroundLpips } of results) expect([structure > 0, backgroundLpips > 0]).toEqual([true, true])
    expect(new Set(results.map(({ method }) => method))).toEqual(new Set(['direct+p2p', 'proxnpi+p2p']))
    expect(result['table']).toMatch(/structure distance x10\^3 \|.* LPIPS x10\^3/)
    expect(result['table']).toMatch(/LPIPS squeeze of the background/)
    expect(readFileSync(file('results/table.md'), 'utf8')).toMatch(/No LPIPS: the net is not part of the program; give its weights with --lpips FILE/)
  })

  test.each<[string, object, RegExp]>([
    ['another file for LPIPS', { lpips: path.join(fixtures, '..', 'metrics', 'vit-dino.safetensors') }, /vit-dino\.safetensors: expected LPIPS weights/],
    ['a pickle for DINO', { dino: file('dino.pth') }, /dino\.pth: expected .*safetensors.* found a PyTorch pickle/],
    ['a missing file', { lpips: file('nowhere.safetensors') }, /nowhere\.safetensors: expected a file, found nothing at that path/],
    ['a folder that is no CLIP model', { clip: fixtures }, /expected a CLIP model as transformers saves it/],
  ])('%s is one sentence', async (_name, more, message) => {
    writeFileSync(file('dino.pth'), Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), Buffer.from('archive/data.pkl')]))
    const error = await refusal({ ...request, out: file('never'), ...more })
    expect(error.message).toMatch(message)
    expect(error.exitCode).toBe(2)
    expect(existsSync(file('never'))).toBe(false)
  })

  test('refuses results of other settings', async () => {
    expect((await refusal({ ...request, steps: 4 })).message).toMatch(/expected results of a run with these settings and this model, found those of another; choose another folder/)
  })

  test('a missing picture is named, the rest is run, and the end is a failure', async () => {
    const gaps = file('gaps')
    mkdirSync(path.join(gaps, 'annotation_images', '1'), { recursive: true })
    copyFileSync(image, path.join(gaps, 'annotation_images', '1', 'a.png'))
    writeFileSync(path.join(gaps, 'mapping_file.json'), JSON.stringify({ a: entry, b: { ...entry, image_path: '1/gone.png' } }))
    const error = await refusal({ ...request, bench: gaps, out: file('gaps-results'), methods: ['direct+p2p'] })
    expect(error.exitCode).toBe(1)
    expect(error.message).toMatch(/1 files that the benchmark names are not there \(.*gone\.png\); the other 1 edits were run/)
    expect(existsSync(file('gaps-results/table.md'))).toBe(true)
  })

  test('unknown methods are answered with the known', async () => {
    expect((await refusal({ ...request, methods: ['magic+p2p'] })).message).toMatch(/one of ddim, npi, direct, renoise, edict, ef-ddpm, proxnpi, a plus sign, and one of p2p, masactrl, pnp/)
  })
})

describe('mistakes are one sentence, exit 2, and nothing is written', () => {
  const out = file('never.png')
  const biasOf = async (): Promise<string> => {
    await writePicture(pictureFromSamples(new Uint8Array(32 * 32).fill(255), { width: 32, height: 32, channels: 1 }), file('small.png'))
    return file('small.png')
  }
  test.each<[string, () => object | Promise<object>, RegExp]>([
    ['a word that is not there', () => ({ image, swap: ['dog=>fox'] }), /"dog" among the words of the description, found a description of the words a, red, cat, in, snow/],
    ['unequal words for replace', () => ({ image, target: 'a big red cat in snow', align: 'replace' }), /use --align refine/],
    ['an empty target', () => ({ image, target: '' }), /found an empty text/],
    ['nothing to change', () => ({ image }), /expected something to change, found the words a, red, cat, in, snow as they are/],
    ['a bias map of another size', async () => ({ image, bias: [`cat=${await biasOf()}`], target: 'a red cat in snow' }), /small\.png: expected a drawing of the picture's size, 64 x 64, found 32 x 32/],
    ['a bias for a word that is not there', async () => ({ image, bias: [`dog=${await biasOf()}`] }), /"dog" among the words of the target, found the words a, red, cat, in, snow/],
    ['a trajectory of another description', async () => {
      await run({ ...common, task: 'invert', image, prompt: 'a blue cat', method: 'direct', trajectory: file('blue.safetensors') })
      return { image, swap: ['cat=>dog'], trajectory: file('blue.safetensors'), inversion: 'direct' }
    }, /made with another description/],
    ['a picture without a description', () => ({ image, prompt: undefined, swap: ['cat=>dog'] }), /expected a description of the picture, found none in its metadata, and a model that cannot describe pictures; say what it shows with --prompt/],
    ['neither picture nor prompt', () => ({ prompt: undefined, swap: ['cat=>dog'] }), /--image with the picture to edit, or --prompt with one to draw/],
    ['an inpainting checkpoint', () => ({ image, swap: ['cat=>dog'], model: 'tiny-inpaint' }), /expected an ordinary text-to-image checkpoint, found one for inpaint/],
    ['guidance by what no threshold leaves', () => ({ image, swap: ['cat=>dog'], inversion: 'npi', proximalGuide: 'inversion' }), /--proximal-guide inversion: expected --proximal soft or hard, whose leavings it goes by, found none; add --proximal soft/],
    ['starting noise for a picture', () => ({ image, swap: ['cat=>dog'], latents: file('x.safetensors') }), /a picture has its own noise/],
  ])('%s', async (_name, more, message) => {
    const error = await refusal(swapOf({ ...(await more()), out }))
    expect(error.message).toMatch(message)
    expect(error.exitCode).toBe(2)
    expect(existsSync(out)).toBe(false)
  })

  test('a trajectory of another picture or model is refused by hash', async () => {
    await writePicture(pictureFromSamples(new Uint8Array(64 * 64 * 3).fill(90), { width: 64, height: 64, channels: 3 }), file('grey.png'))
    await run({ ...common, task: 'invert', image: file('grey.png'), prompt: 'a red cat in snow', method: 'direct', trajectory: file('grey.safetensors') })
    expect((await refusal(swapOf({ image, swap: ['cat=>dog'], trajectory: file('grey.safetensors'), inversion: 'direct', out }))).message).toMatch(/another picture/)
  })
})

describe('a forecast', () => {
  const swap = swapOf({ image, swap: ['cat=>dog'], inversion: 'direct' })

  test('of a swap names its phases and memory before anything has run; three rows need more than one', async () => {
    const forecast = await forecastOf(swap)
    expect(forecast.phases.map(({ phase }) => phase)).toEqual(['load', 'encode', 'invert', 'sample', 'decode', 'write'])
    expect(forecast.seconds).toBeGreaterThan(0)
    expect(forecast.fits).toBe(true)
    const drawn = await forecastOf({ ...common, task: 'txt2img', prompt: 'a red cat', out: file('never.png') })
    expect(forecast.peakBytes).toBeGreaterThan(drawn.peakBytes)
    expect(existsSync(file('never.png'))).toBe(false)
  })

  test('of looking and of inverting has no edit in it; what is drawn is not inverted', async () => {
    const looked = await forecastOf({ ...common, task: 'attention', image, prompt: 'a red cat', out: file('maps') })
    expect(looked.phases.map(({ phase }) => phase)).toEqual(['load', 'encode', 'invert', 'sample', 'write'])
    const secondsOf = (name: string): number => looked.phases.find(({ phase }) => phase === name)!.seconds
    expect(secondsOf('sample')).toBeLessThanOrEqual(secondsOf('invert')) // no more rows than the inversion has
    const inverted = await forecastOf({ ...common, task: 'invert', image, prompt: 'a red cat' })
    expect(inverted.phases.map(({ phase }) => phase)).toEqual(['load', 'encode', 'invert', 'sample', 'decode', 'write']) // it is sampled back to be judged
    const drawn = await forecastOf(swapOf({ swap: ['cat=>dog'] }))
    expect(drawn.phases.map(({ phase }) => phase)).toEqual(['load', 'sample', 'decode', 'write'])
  })

  test('opens no net again that is open', async () => {
    const other = swapOf({ image, swap: ['cat=>dog'], inversion: 'direct', out: file('learnt.png') })
    const fresh = createEngine({ bundledModels: fixtures, dataDir: file('learning/data'), cacheDir: file('learning/cache') })
    try {
      const load = async (): Promise<number> => (await forecastOf(other, fresh)).phases.find(({ phase }) => phase === 'load')!.seconds
      const closed = await load()
      await run(other, fresh)
      expect(await load()).toBeLessThan(closed)
    } finally {
      await fresh.dispose()
    }
  })
})
