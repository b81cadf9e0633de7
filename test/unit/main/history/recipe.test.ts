import { describe, expect, it } from 'vitest'
import { requestSchemas } from '../../../../main/engine/requests.ts'
import { evaluateWhere, formatWhere, parseWhere, wordsOf } from '../../../../main/history/aims.ts'
import { RECIPE_TASKS, RUN_FIELDS, formatRecipe, parseRecipe, recipeJsonSchema } from '../../../../main/history/recipe.ts'
import { copyAsRecipe } from '../../../../main/history/recipeFromHistory.ts'
import { sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()
const recipe = (step: object, head: object = {}): string => JSON.stringify({ format: 'palimpsest-recipe', version: 1, ...head, steps: [step] })
// The defaults are the engine's to choose.
const { steps, guidance, feather } = requestSchemas.inpaint.parse({ task: 'inpaint', model: 'm', prompt: '', image: 'i', mask: 'm', out: 'o' })
const defaults = { steps, guidance, feather }
const inpaint = { task: 'inpaint', model: 'starter-inpaint', prompt: 'a red car' }

describe('a recipe', () => {
  it('is read with the defaults of its tasks and written so that it is read the same', () => {
    const parsed = parseRecipe(recipe({ ...inpaint, aim: { where: 'attention(car) > 0.4' } }, { name: 'Red cars' }), 'r.json')
    expect(parsed).toMatchObject({ name: 'Red cars', note: '', steps: [{ task: 'inpaint', aim: { where: 'attention(car) > 0.4' }, params: { prompt: 'a red car', ...defaults } }] })
    expect(parseRecipe(formatRecipe(parsed), 'r.json')).toEqual(parsed)
    expect(parseRecipe(`\uFEFF${recipe(inpaint)}`, 'r.json').steps[0]!.aim).toBe('everything')
  })

  it('takes every aim where it makes sense, and no other', () => {
    for (const aim of ['everything', { mask: '{name}.png' }, { where: 'attention(car) > 0.4' }, { colour: '#3366cc', tolerance: 0.2 }])
      expect(parseRecipe(recipe({ ...inpaint, aim }), 'r').steps[0]!.aim).toEqual(aim)
    expect(parseRecipe(recipe({ ...inpaint, aim: { colour: '#3366CC' } }), 'r').steps[0]!.aim).toEqual({ colour: '#3366CC', tolerance: 0.1 })
    expect(sentenceOf(() => parseRecipe(recipe({ task: 'remove' }), 'r.json'))).toBe('r.json, step 1: expected an aim of "remove" by mask, where, colour, found everything.')
    expect(sentenceOf(() => parseRecipe(recipe({ task: 'outpaint', model: 'm', prompt: '', aim: { mask: 'x.png' } }), 'r.json'))).toMatch(/expected an aim of "outpaint" by everything, found mask/)
    expect(sentenceOf(() => parseRecipe(recipe({ ...inpaint, aim: { where: 'attention(car)' } }), 'r.json'))).toMatch(/expected one of >, >=, <, <=, found the end/)
    for (const mask of ['/etc/passwd', '../x.png', 'a/../../x.png', 'C:\\x.png', '..\\x.png'])
      expect(sentenceOf(() => parseRecipe(recipe({ ...inpaint, aim: { mask } }), 'r')), mask).toBeDefined()
  })

  it('names an unknown field, the step it is in, and what was meant', () => {
    expect(sentenceOf(() => parseRecipe(recipe({ ...inpaint, promt: 'x' }), 'r.json'))).toBe('r.json, step 1: expected only known fields, found "promt"; did you mean "prompt"?.')
    expect(sentenceOf(() => parseRecipe(recipe({ ...inpaint, zzzzzz: 1 }), 'r.json'))).toMatch(/^r.json, step 1: expected only known fields, found "zzzzzz"; take it out\.$/)
    expect(sentenceOf(() => parseRecipe(recipe({ ...inpaint, out: '/tmp/x.png' }), 'r.json'))).toMatch(/found "out"; which belongs to a run and not to a recipe; take it out/)
    expect(sentenceOf(() => parseRecipe(recipe(inpaint, { nmae: 'x' }), 'r.json'))).toMatch(/^r.json: expected only known fields, found "nmae"; did you mean "name"/)
  })

  it('is refused with a sentence when it is no recipe, from the future, or holds a wrong value', () => {
    const refusals: [string, RegExp][] = [
      ['{', /^r.json: expected JSON, found something else/],
      ['[]', /^r.json: expected "format": "palimpsest-recipe" at the top, found no such field/],
      ['{"format":"other"}', /found "other"/],
      [recipe(inpaint, { version: 2 }), /^r.json: expected version 1, found version 2, made by a newer Palimpsest; update Palimpsest to use it\.$/],
      ['{"format":"palimpsest-recipe","version":1,"steps":[]}', /^r.json, steps: expected at least 1/],
      [recipe({ ...inpaint, steps: 0 }), /^r.json, step 1, steps: expected at least 1, found 0/],
      [recipe({ ...inpaint, guidance: 'high' }), /^r.json, step 1, guidance: expected a number, found "high"/],
      [recipe({ ...inpaint, task: 'explode' }), /^r.json, step 1, task: expected one of "inpaint", "remove"/],
      [recipe({ task: 'inpaint', model: 'm' }), /^r.json, step 1, prompt: expected a string, found nothing/],
      [recipe({ ...inpaint, scheduler: 'best' }), /scheduler: expected one of "ddim"/],
    ]
    for (const [text, expected] of refusals) expect(sentenceOf(() => parseRecipe(text, 'r.json')), text).toMatch(expected)
  })

  it('never asks for what belongs to one run on one machine, and has a JSON Schema', () => {
    const schema = JSON.stringify(recipeJsonSchema())
    for (const task of Object.keys(RECIPE_TASKS)) expect(schema).toContain(`"const":"${task}"`)
    const steps = (recipeJsonSchema() as { properties: { steps: { items: { oneOf?: { properties: object }[]; anyOf?: { properties: object }[] } } } }).properties.steps.items
    for (const { properties } of steps.oneOf ?? steps.anyOf ?? []) expect(Object.keys(properties).filter((field) => field !== 'task' && RUN_FIELDS.has(field))).toEqual([])
    expect((steps.oneOf ?? steps.anyOf)!.length).toBe(Object.keys(RECIPE_TASKS).length)
  })
})

describe('copy as recipe', () => {
  it('keeps parameters, seed and model, aims by meaning where the mask has one, and writes the other masks', () => {
    const { project, document, paint } = sampleProject(folder, 'copy')
    const masks = ['by words', 'by colour', 'by hand'].map((text) => project.addBlob(Buffer.from(text), 'image/png'))
    project.saveMask(document, { name: 'Car', hash: masks[0]!.hash, width: 9, height: 9, origin: { from: 'attention', where: 'attention(car) > 0.4' } })
    project.saveMask(document, { name: 'Blue', hash: masks[1]!.hash, width: 9, height: 9, origin: { from: 'colour', colour: [51, 102, 204], tolerance: 0.2 } })
    const edits = masks.map((mask, index) => project.commitOperation(document, {
      kind: 'inpaint', title: 'Fill', model: 'starter-inpaint', seed: index, params: { prompt: `prompt ${index}`, steps: 12, out: '/secret/path.png', device: 'cpu' },
      inputs: [{ role: 'mask', hash: mask.hash, source: { from: 'blob' } }],
    }))
    const stroke = project.commitOperation(document, { kind: 'stroke', title: 'Brush', layers: [{ ...paint, opacity: 0.2 }] })
    const copied = copyAsRecipe(project, [...edits, stroke], 'Three')
    const file = `mask-${masks[2]!.hash.slice(0, 8)}.png`
    expect(copied.recipe.steps.map((step) => step.aim)).toEqual([{ where: 'attention(car) > 0.4' }, { colour: '#3366cc', tolerance: 0.2 }, { mask: file }])
    expect(copied.recipe.steps.map((step) => [step.params['seed'], step.params['prompt'], step.params['steps'], step.params['model']])).toEqual([0, 1, 2].map((n) => [n, `prompt ${n}`, 12, 'starter-inpaint']))
    expect(copied.files).toEqual([{ file, hash: masks[2]!.hash }])
    expect(copied.leftOut).toEqual([stroke])
    expect(copied.text).not.toContain('secret')
    expect(parseRecipe(copied.text, 'copy')).toEqual(copied.recipe)
    expect(sentenceOf(() => copyAsRecipe(project, [stroke]))).toMatch(/expected at least one of inpaint, remove/)
    project.close()
  })
})

describe('where', () => {
  const maps: Record<string, number[]> = { car: [0, 0.3, 0.5, 1], sky: [1, 0.5, 0.2, 0.9], 'traffic light': [0, 1, 0, 0] }
  const mask = (text: string): number[] => [...evaluateWhere(parseWhere(text), (word) => Float32Array.from(maps[word]!))].map((value) => value / 255)

  it('picks the pixels that its condition holds for', () => {
    expect(mask('attention(car) > 0.4')).toEqual([0, 0, 1, 1])
    expect(mask('attention(car) >= 0.5 and not attention(sky) > 0.8')).toEqual([0, 0, 1, 0])
    expect(mask('attention(car) <= 0 or attention(sky) < 0.6 and attention(car) > 0.4')).toEqual([1, 0, 1, 0])
    expect(mask('(attention(car) <= 0 or attention(sky) < 0.6) and attention(car) > 0.4')).toEqual([0, 0, 1, 0])
    expect(mask('attention("traffic light") > 0.5')).toEqual([0, 1, 0, 0])
    expect(mask('attention(traffic light) > 0.5')).toEqual([0, 1, 0, 0])
    expect(wordsOf(parseWhere('attention(a) > 0 and (attention(b) > 0 or attention(a) < 1)'))).toEqual(['a', 'b'])
  })

  it('is written back so that it means the same', () => {
    for (const text of ['attention(car) > 0.4', 'attention("traffic light") >= 0.25', 'not (attention(a) > 0.1 or attention(b) < 0.2) and attention("not") <= 1'])
      expect(parseWhere(formatWhere(parseWhere(text)))).toEqual(parseWhere(text))
  })

  it('says what was expected at which place', () => {
    const refusals: [string, RegExp][] = [
      ['', /expected attention\(word\), found the end/], ['attention car > 1', /expected a bracket with the word, found "car" at character 11/],
      ['attention() > 0.4', /expected a word, found "\)" at character 11/], ['attention(car > 0.4', /expected a closing bracket/],
      ['attention(car) 0.4', /expected one of >, >=, <, <=, found "0.4"/], ['attention(car) > 4', /expected a number from 0 to 1, found "4"/],
      ['attention(car) > 0.4 extra', /expected and, or, or the end, found "extra" at character 22/], ['(attention(car) > 0.4', /expected a closing bracket, found the end/],
    ]
    for (const [text, expected] of refusals) expect(sentenceOf(() => parseWhere(text)), text).toMatch(expected)
  })
})
