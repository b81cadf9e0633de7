import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCsv } from '../../../../../main/jobs/batch/csv.ts'
import { freeName, resultName } from '../../../../../main/jobs/batch/naming.ts'
import { pathPattern } from '../../../../../main/jobs/batch/patterns.ts'
import { type BatchItem, planBatch } from '../../../../../main/jobs/batch/plan.ts'
import { inShard, parseShard } from '../../../../../main/jobs/batch/shards.ts'
import { MASKED_STEP, PLAIN_STEP, makeJob, pictures, scratch, sentenceOf, settingsFor } from './folders.ts'

const parent = scratch()
const item = (items: readonly BatchItem[], key: string): BatchItem => items.find((other) => other.key === key)!

describe('the pictures of a batch', () => {
  it('are those of the folder itself in one order everywhere; other files are counted, hidden ones left out', () => {
    const job = makeJob(parent, { pictures: { ...pictures('b.png a.jpg Z.TIF sub/c.webp .hidden.png'), 'notes.txt': 'x' } })
    const plan = planBatch(settingsFor(job))
    expect(plan.items.map(({ key }) => key)).toEqual(['Z.TIF', 'a.jpg', 'b.png'])
    expect(plan.notes).toEqual(['1 file in the folder is no pictures by their endings and is left alone.'])
  })

  it('are chosen by patterns, through folders where a pattern says so', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.jpg sub/c.png sub/deep/d.png') })
    const keys = (...files: string[]): string[] => planBatch(settingsFor(job, { files })).items.map(({ key }) => key)
    expect(keys('*.png')).toEqual(['a.png'])
    expect(keys('**/*.png')).toEqual(['a.png', 'sub/c.png', 'sub/deep/d.png'])
    expect(keys('sub/*', 'b.*')).toEqual(['b.jpg', 'sub/c.png'])
    expect(sentenceOf(() => keys('*.tif'))).toMatch(/expected pictures, found none; check --files \*\.tif/)
  })

  it('do not include results in a folder of results that lies among them', () => {
    const job = makeJob(parent, { pictures: pictures('a.png results/a.png') })
    const plan = planBatch(settingsFor(job, { files: ['**/*'], out: path.join(job, 'in', 'results') }))
    expect(plan.items.map(({ key }) => key)).toEqual(['a.png'])
  })

  it('may get their results beside them only with a suffix, and such results are no pictures of the next run', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png a_edited.png') })
    const same = path.join(job, 'in')
    expect(sentenceOf(() => planBatch(settingsFor(job, { out: same })))).toMatch(/expected another folder than the pictures are in, found the same; name another folder, or add --suffix _edited/)
    fs.symlinkSync(same, path.join(job, 'link'))
    expect(sentenceOf(() => planBatch(settingsFor(job, { out: path.join(job, 'link') })))).toMatch(/found the same/)
    const plan = planBatch(settingsFor(job, { out: same, suffix: '_edited' }))
    expect(plan.items.map(({ key, out }) => [key, out])).toEqual([['a.png', 'a_edited.png'], ['b.png', 'b_edited.png']])
  })

  it('whose results would get one name are refused before anything is done', () => {
    const job = makeJob(parent, { pictures: pictures('cat.jpg cat.png Cat.png') })
    expect(sentenceOf(() => planBatch(settingsFor(job, { format: 'png', files: ['cat.*'] })))).toMatch(/results of cat\.jpg and cat\.png: expected names of their own, found "cat\.png" for both/)
    expect(sentenceOf(() => planBatch(settingsFor(job)))).toMatch(/Cat\.png and cat\.png: expected names/)
  })
})

describe('masks', () => {
  it('are found by the rule of the recipe, then as masks are usually called; without one the picture is told, not refused', () => {
    const job = makeJob(parent, { pictures: pictures('a.jpg b.jpg c.jpg d.jpg sub/a.jpg'), masks: pictures('a.png b_mask.png c-mask.tif sub/a.png'), steps: [MASKED_STEP] })
    const { items } = planBatch(settingsFor(job, { masks: path.join(job, 'masks'), files: ['**/*'] }))
    const aim = (key: string): string | undefined => {
      const found = item(items, key).steps[0]!.aim
      return found.by === 'mask' ? path.relative(job, found.file) : item(items, key).noMask
    }
    expect(['a.jpg', 'b.jpg', 'c.jpg', 'sub/a.jpg'].map(aim)).toEqual(['masks/a.png', 'masks/b_mask.png', 'masks/c-mask.tif', 'masks/sub/a.png'])
    expect(aim('d.jpg')).toMatch(/^d\.jpg: expected a mask called \{name\}\.png or .*found none; it was skipped\.$/)
  })

  it('lie beside the recipe when no folder is named, and may be one for all pictures', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png'), steps: [{ ...MASKED_STEP, aim: { mask: 'corner.png' } }] })
    fs.writeFileSync(path.join(job, 'corner.png'), 'mask')
    expect(planBatch(settingsFor(job)).items.map(({ steps }) => steps[0]!.aim)).toEqual([1, 2].map(() => ({ by: 'mask', file: path.join(job, 'corner.png') })))
  })

  it('among the pictures are found by --mask-rule and are no pictures themselves; names may hold brackets', () => {
    const job = makeJob(parent, { pictures: pictures('a.png a_mask.png b[1](x).png b[1](x)_mask.png'), steps: [MASKED_STEP] })
    const { items } = planBatch(settingsFor(job, { maskRule: ['{name}_mask.*'] }))
    expect(items.map(({ key, noMask }) => [key, noMask])).toEqual([['a.png', undefined], ['b[1](x).png', undefined]])
  })

  it('are never the picture itself, and two that fit are told', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png b.tif'), steps: [{ ...MASKED_STEP, aim: { mask: '{name}.*' } }] })
    const { items } = planBatch(settingsFor(job, { masks: path.join(job, 'in'), files: ['a.png'] }))
    expect(items[0]!.noMask).toMatch(/found none/)
    const two = makeJob(parent, { pictures: pictures('a.jpg'), masks: pictures('a.png a.tif'), steps: [{ ...MASKED_STEP, aim: { mask: '{name}.*' } }] })
    expect(planBatch(settingsFor(two, { masks: path.join(two, 'masks') })).items[0]!.noMask).toMatch(/expected one mask called \{name\}\.\*, found 2 \(a\.png, a\.tif\)/)
  })
})

describe('words per picture', () => {
  const table = (job: string, text: string): string => {
    fs.writeFileSync(path.join(job, 'words.csv'), text)
    return path.join(job, 'words.csv')
  }

  it('come from a table by name, path or name without ending, for every step that takes them or for one', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png sub/c.png'), steps: [{ ...PLAIN_STEP, seed: 1 }, { ...PLAIN_STEP, prompt: 'second' }] })
    const prompts = table(job, '\uFEFFfile;prompt;prompt.2;seed\r\na.png;"a ""blue""; cat";night;7\r\nsub/c;;dawn;\r\n')
    const plan = planBatch(settingsFor(job, { prompts, files: ['**/*'] }))
    const words = (key: string): unknown[] => item(plan.items, key).steps.map(({ params }) => params['prompt'])
    expect(words('a.png')).toEqual(['a "blue"; cat', 'night'])
    expect(words('b.png')).toEqual(['a red car', 'second'])
    expect(words('sub/c.png')).toEqual(['a red car', 'dawn'])
    expect(item(plan.items, 'a.png').steps.map(({ params }) => params['seed'])).toEqual([7, 7])
  })

  it('are checked with line and column, and unknown pictures are told', () => {
    const job = makeJob(parent, { pictures: pictures('a.png') })
    const refusal = (text: string): string => sentenceOf(() => planBatch(settingsFor(job, { prompts: table(job, text) })))
    expect(refusal('file,promt\na.png,x\n')).toMatch(/column "promt": expected a parameter of the recipe's steps \(.*prompt.*\), found none of that name/)
    expect(refusal('file,strength\na.png,2\n')).toMatch(/words\.csv, line 2, column "strength": expected a value that "strength" of img2img can take, found "2"/)
    expect(refusal('prompt\nx\n')).toMatch(/expected a column "file"/)
    expect(refusal('file,prompt\na.png,x\na.png,y\n')).toMatch(/line 3: expected each picture once/)
    expect(refusal('file,prompt.3\na.png,x\n')).toMatch(/expected a step from 1 to 1, found 3/)
    expect(refusal('file,prompt\na.png,x,y\n')).toMatch(/line 2: expected 2 cells, found 3/)
    expect(refusal('file,prompt\na.png,"x\n')).toMatch(/line 2: expected a closing quote/)
    const plan = planBatch(settingsFor(job, { prompts: table(job, 'file,prompt\nz.png,x\n') }))
    expect(plan.notes).toEqual(['words.csv names 1 pictures that are not in the folder, such as "z.png".'])
  })

  it('describe the picture for an aim by words where they hold them, else the words stand alone', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png'), steps: [{ task: 'remove', aim: { where: 'attention(traffic light) > 0.3 and not attention(car) > 0.5' } }, { task: 'swap', model: 'm', prompt: 'a red car', swap: ['car=>bus'], aim: { where: 'attention(car) > 0.4' } }] })
    const { items } = planBatch(settingsFor(job, { prompts: table(job, 'file,description\na.png,"a car at a traffic light, by night"\n') }))
    const aims = (key: string): unknown[] => item(items, key).steps.map(({ aim }) => (aim.by === 'where' ? [aim.description, aim.model] : aim))
    expect(aims('a.png')).toEqual([['a car at a traffic light, by night', 'starter'], ['a car at a traffic light, by night', 'm']])
    expect(aims('b.png')).toEqual([['traffic light and car', 'starter'], ['a red car', 'm']])
  })
})

describe('the recipe of a batch', () => {
  it('is refused with a sentence when it has unknown fields or comes from the future', () => {
    expect(sentenceOf(() => planBatch(settingsFor(makeJob(parent, { pictures: pictures('a.png'), steps: [{ ...PLAIN_STEP, stepps: 4 }] }))))).toMatch(/recipe\.json, step 1: expected only known fields, found "stepps"; did you mean "steps"\?/)
    expect(sentenceOf(() => planBatch(settingsFor(makeJob(parent, { pictures: pictures('a.png'), head: { version: 9 } }))))).toMatch(/found version 9, made by a newer Palimpsest; update Palimpsest/)
    expect(sentenceOf(() => planBatch(settingsFor(parent)))).toMatch(/recipe\.json: expected a recipe file, found nothing at that path/)
  })

  it('without a seed gets one that depends on the picture and --seed alone', () => {
    const job = makeJob(parent, { pictures: pictures('a.png b.png') })
    const seeds = (more = {}): unknown[] => planBatch(settingsFor(job, more)).items.map(({ steps }) => steps[0]!.params['seed'])
    expect(seeds()).toEqual(seeds({ jobs: 4, name: 'x-{name}.{ext}' }))
    expect(new Set([...seeds(), ...seeds({ seed: 1 })]).size).toBe(4)
  })
})

describe('names of results', () => {
  const name = (template: string, more = {}): string => resultName({ key: 'sub/cat.AVIF', template, suffix: '_x', recipe: 'Red cars!', seed: 7, ...more })
  it('are made of words in braces and keep the subfolder', () => {
    expect(name('{name}{suffix}.{ext}')).toBe('sub/cat_x.png')
    expect(name('{recipe}/{dir}/{name}-{seed}.{ext}', { format: 'jpg' })).toBe('Red-cars/sub/cat-7.jpg')
  })
  it('are refused with an unknown word, outside the folder, or without a picture\'s ending', () => {
    expect(sentenceOf(() => name('{nam}.png'))).toMatch(/expected only \{dir\}, .* in braces, found \{nam\}/)
    expect(sentenceOf(() => name('{dir}/../../{name}.png'))).toMatch(/expected a name inside the folder of results/)
    expect(sentenceOf(() => name('{name}.gif'))).toMatch(/expected a name that ends in \.png/)
  })
  it('are numbered when taken', () => {
    const taken = new Set(['a/b.png', 'a/b-1.png'])
    expect(freeName('a/b.png', (other) => taken.has(other))).toBe('a/b-2.png')
  })
})

describe('parts of a batch', () => {
  it('hold every picture exactly once, whatever else is in the folder', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `picture ${index}.png`)
    const shards = [1, 2, 3].map((index) => ({ index, count: 3 }))
    for (const key of keys) expect(shards.filter((shard) => inShard(key, shard))).toHaveLength(1)
    for (const shard of shards) expect(keys.filter((key) => inShard(key, shard)).length).toBeGreaterThan(120)
  })
  it('are written i/n', () => {
    expect(parseShard('2/5')).toEqual({ index: 2, count: 5 })
    for (const wrong of ['0/3', '4/3', '2', '1/0', '-1/3', 'a/b']) expect(sentenceOf(() => parseShard(wrong))).toMatch(/expected part and number of parts, as 2\/5/)
  })
})

describe('patterns and tables', () => {
  it('match within a name or through folders, and take all other signs as they are', () => {
    expect(pathPattern('a*b?.png').test('aXXbY.png')).toBe(true)
    expect(pathPattern('*.png').test('sub/a.png')).toBe(false)
    expect(pathPattern('**/*.png').test('a.png')).toBe(true)
    expect(pathPattern('a.[p]ng').test('a.png')).toBe(false)
    expect(pathPattern('{name}.*', { name: 'a*b' }).test('aXb.png')).toBe(false)
  })
  it('keep empty cells, quotes, line ends in cells, and a last line without its end', () => {
    expect(parseCsv('a,b\n"x\ny",\n,"z ""q"""', 't').rows).toEqual([{ line: 2, cells: ['x\ny', ''] }, { line: 4, cells: ['', 'z "q"'] }])
    expect(parseCsv('a\tb\n1\t2\n', 't').rows[0]!.cells).toEqual(['1', '2'])
  })
})
