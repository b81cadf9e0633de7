import { describe, expect, it } from 'vitest'
import { batchPlan } from '../../../../../preload/contract/batch.ts'
import { type BatchForm, EMPTY_BATCH, exampleName, lacksOf, planOf } from '../../../../../renderer/stores/batch/form.ts'

const folder = (name: string) => ({ file: `fil_${name.padEnd(16, '0')}`, name, bytes: 0, folder: true })
const filled: BatchForm = { ...EMPTY_BATCH, recipe: '{}', inputs: folder('in'), outputs: folder('out') }

describe('the form of a batch', () => {
  it('names what it lacks, first things first', () => {
    expect(lacksOf(EMPTY_BATCH)).toEqual(['recipe', 'inputs', 'outputs'])
    expect(planOf(EMPTY_BATCH)).toBeNull()
    expect(lacksOf({ ...filled, name: '{nmae}' })).toEqual(['name'])
  })

  it('becomes a plan that the contract takes; what was left empty is left out', () => {
    const plan = batchPlan.parse(planOf({ ...filled, glob: '  ', masks: folder('m'), gate: 24, jobs: 2 }))
    expect(plan).toMatchObject({ glob: '*', masks: folder('m').file, gate: 24, jobs: 2, existing: 'skip' })
    expect(planOf(filled)).not.toHaveProperty('gate')
    expect(planOf(filled)).not.toHaveProperty('prompts')
  })
})

describe('the example of a name', () => {
  it('keeps the ending of the picture unless a format is chosen', () => {
    expect(exampleName({ name: '{name}', format: 'same' }, 'IMG_1.JPG', '')).toBe('IMG_1.JPG')
    expect(exampleName({ name: '{name}-new', format: 'tiff' }, 'IMG_1.JPG', '')).toBe('IMG_1-new.tif')
    expect(exampleName({ name: '{recipe}/{name}_{seed}.{ext}', format: 'webp' }, 'a.png', 'red car!')).toBe('red-car-/a_17.webp')
  })

  it('is none for words that there are not, nothing, or a way out of the folder', () => {
    for (const name of ['{x}', '{}', '', '  ', '../{name}', 'a/..\\{name}', '{name}/']) expect(exampleName({ name, format: 'same' }, 'a.png', ''), name).toBeNull()
  })
})
