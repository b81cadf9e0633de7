/** Benchmark folders: PIE-Bench's masks and entries, what they lack, and what an edit asks for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ProbeRecord } from '../../../../../main/engine/nets/probe.ts'
import { askedFacts, decodeMask, holds, readBenchmark } from '../../../../../main/engine/pipelines/benchmark.ts'
import { markdownTables, summarise } from '../../../../../main/engine/pipelines/evaluationTable.ts'
import type { CaseResult } from '../../../../../main/engine/pipelines/evaluationTable.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const entry = (more: object = {}) => ({ image_path: '1/a.png', original_prompt: 'a red cat', editing_prompt: 'a red [dog]', editing_type_id: '1', blended_word: 'cat dog', mask: [], ...more })
function bench(name: string, entries: Record<string, unknown>): string {
  const root = path.join(folder, name)
  mkdirSync(path.join(root, 'annotation_images', '1'), { recursive: true })
  writeFileSync(path.join(root, 'annotation_images', '1', 'a.png'), '')
  writeFileSync(path.join(root, 'mapping_file.json'), JSON.stringify(entries))
  return root
}

test('masks are runs, and the outermost pixels always count as changed', () => {
  const mask = decodeMask([7, 2, 16, 100], 6, 4)
  const rows = Array.from({ length: 4 }, (_, y) => [...mask.subarray(y * 6, y * 6 + 6)].join(''))
  expect(rows).toEqual(['111111', '111001', '100011', '111111'])
})

test('entries are read without their brackets', () => {
  const { cases, missing } = readBenchmark(bench('one', { x: entry({ editing_type_id: 6, edited_image_path: '1/none.png' }) }))
  expect(missing).toEqual([path.join('edited_images', '1', 'none.png')])
  expect(cases[0]).toMatchObject({ id: 'x', source: 'a red cat', target: 'a red dog', kind: 6, blendWords: ['cat', 'dog'], truth: null, size: { width: 512, height: 512 } })
})

test('what is missing is named and the rest is kept', () => {
  const { cases, missing } = readBenchmark(bench('gaps', { x: entry(), y: entry({ image_path: '1/b.png' }) }))
  expect(cases.map(({ id }) => id)).toEqual(['x'])
  expect(missing).toEqual([path.join('annotation_images', '1', 'b.png')])
})

test('what is no benchmark is refused', () => {
  expect(() => readBenchmark(path.join(folder, 'nowhere'))).toThrow(/mapping_file\.json, found no such folder/)
  expect(() => readBenchmark(bench('broken', { x: { image_path: '1/a.png' } }))).toThrow(/an edit under "x", found original_prompt/)
  expect(() => readBenchmark(bench('outside', { x: entry({ image_path: '../../secret.png' }) }))).toThrow(/pictures below annotation_images/)
})

describe('what an edit asks for', () => {
  const cat = { cls: 'cat', colour: 'red', pattern: 'plain', size: 'small', place: 'left' }
  const scene = (objects: object[], more: object = {}) => ({ background: 'beach', style: 'flat', weather: 'clear', objects: objects as { cls: string }[], ...more })
  const seen = (objects: readonly Readonly<Record<string, string>>[], picture: Readonly<Record<string, string>> = {}): ProbeRecord => ({
    objects: objects.map(({ cls = '', ...attributes }) => ({ class: cls, confidence: 1, attributes })),
    picture: { background: 'beach', style: 'flat', ...picture },
  })

  test('a changed object is to be there and the old one gone', () => {
    const facts = askedFacts(scene([cat]), scene([{ ...cat, cls: 'dog' }]))
    expect(facts).toEqual([{ what: 'object', class: 'dog' }, { what: 'gone', class: 'cat' }])
    expect(facts.map((fact) => holds(fact, seen([{ ...cat, cls: 'dog' }])))).toEqual([true, true])
    expect(facts.map((fact) => holds(fact, seen([cat])))).toEqual([false, false])
  })

  test('a changed attribute is asked of its object', () => {
    const facts = askedFacts(scene([cat]), scene([{ ...cat, colour: 'blue' }]))
    expect(facts).toEqual([{ what: 'attribute', class: 'cat', name: 'colour', value: 'blue' }])
    expect(holds(facts[0]!, seen([{ ...cat, colour: 'blue' }]))).toBe(true)
    expect(holds(facts[0]!, seen([]))).toBe(false)
  })

  test('a changed picture is asked of the picture', () => {
    const facts = askedFacts(scene([cat]), scene([cat], { style: 'sketch' }))
    expect(facts).toEqual([{ what: 'picture', name: 'style', value: 'sketch' }])
    expect(holds(facts[0]!, seen([cat], { style: 'sketch' }))).toBe(true)
  })
})

describe('tables', () => {
  const result = (method: string, id: string, more: Partial<CaseResult>): CaseResult => ({
    method, id, kind: 1, structure: null, backgroundLpips: null, backgroundPsnr: 20, backgroundMse: 0.01, backgroundSsim: 0.9, truthPsnr: null, truthSsim: null, clipWhole: null, clipEdited: null,
    asked: null, askedMain: null, fidelity: 30, rowForwards: 200, unetCalls: 100, secondsInversion: 1, seconds: 3, ...more,
  })
  const results = [result('a', '1', { asked: true }), result('a', '2', { backgroundPsnr: null, asked: false }), result('b', '1', { backgroundPsnr: 30 })]

  test('means leave out what is not known', () => {
    const { cases, means } = summarise(results, 'a')
    expect(cases).toBe(2)
    expect(means).toMatchObject({ backgroundPsnr: 20, asked: 50, seconds: 4, truthPsnr: null })
  })

  test('Markdown has a row per method and a row per kind, and no column that nobody filled', () => {
    const text = markdownTables(results, ['a', 'b'], ['a note'])
    expect(text).toContain('| b | 1 | 30.00 |')
    expect(text).toContain('| 1 change object | 20.00 | 30.00 |')
    expect(text).not.toContain('CLIP')
    expect(text.trimEnd().endsWith('- a note')).toBe(true)
  })
})
