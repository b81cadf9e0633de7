/** The arithmetic behind `npm run measure`: areas under curves, pointing, seams, bounds, and the scenes it reads. */
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { stepAcross } from '../../../../scripts/measure/border.ts'
import { Kept } from '../../../../scripts/measure/kept.ts'
import { areaUnderCurve, pointsInside } from '../../../../scripts/measure/ranking.ts'
import { figure, renderReport } from '../../../../scripts/measure/report.ts'
import { decodeRuns, readScenes } from '../../../../scripts/measure/scenes.ts'

describe('the area under the curve', () => {
  test('is 1 when every masked value is larger, 0 when every one is smaller', () => {
    expect(areaUnderCurve([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1)
    expect(areaUnderCurve([4, 3, 2, 1], [0, 0, 1, 1])).toBe(0)
  })

  test('counts pairs: three of four right, ties half', () => {
    expect(areaUnderCurve([1, 3, 2, 4], [0, 0, 1, 1])).toBe(0.75)
    expect(areaUnderCurve([1, 1, 1, 1], [0, 1, 0, 1])).toBe(0.5)
    expect(areaUnderCurve([1, 2, 2, 3], [0, 0, 1, 1])).toBe((1 + 0.5 + 1 + 1) / 4)
  })

  test('does not know what an empty mask is', () => expect(areaUnderCurve([1, 2], [0, 0])).toBeNaN())
})

test('the pointing game looks at the first of the largest', () => {
  expect(pointsInside([1, 5, 2], [0, 1, 0])).toBe(true)
  expect(pointsInside([5, 5, 2], [0, 1, 0])).toBe(false)
})

test('a step is the mean difference across the mask’s border, all channels', () => {
  // 2 x 2 pixels, the right column masked: pixels 0|1 and 2|3 lie across it
  const rgb = Uint8Array.from([10, 10, 10, 20, 10, 10, 0, 0, 0, 0, 0, 60])
  expect(stepAcross(rgb, Uint8Array.from([0, 1, 0, 1]), 2)).toBeCloseTo((10 + 60) / 6, 10)
})

test('findings are kept as they come; a line that was cut short is lost, and nothing but that line', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-kept-'))
  try {
    const file = path.join(folder, 'below', 'found.jsonl')
    const first = new Kept<{ n: number }>(file)
    expect([first.all.length, existsSync(file)]).toEqual([0, false])
    first.add({ n: 1 })
    appendFileSync(file, '\n{"n":')
    const second = new Kept<{ n: number }>(file)
    second.add({ n: 2 })
    expect(new Kept<{ n: number }>(file).all).toEqual([{ n: 1 }, { n: 2 }])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('figures say whether they are met, in one unit', () => {
  expect(figure('a', { atMost: 2 }, 2, { unit: ' s' })).toEqual({ name: 'a', target: 'at most 2.00 s', measured: '2.00 s', met: true })
  expect(figure('b', { atLeast: 0.85 }, 0.84).met).toBe(false)
  expect(figure('c', { exactly: 0 }, 1, { digits: 0 })).toMatchObject({ target: '0', met: false })
  expect(figure('nothing measured', { atMost: 2 }, NaN).met).toBe(false)
  expect(renderReport('t', { figures: [figure('b', { atLeast: 1 }, 0)], details: ['more'] })).toContain('| b | at least 1.00 | 0.00 | **missed** |')
})

describe('the scenes', () => {
  const scenes = readScenes()

  test('are 280 pictures that are there, with the masks of their objects', () => {
    expect(scenes).toHaveLength(280)
    expect(new Set(scenes.map(({ image }) => image)).size).toBe(280)
    expect(scenes.every(({ image }) => existsSync(image))).toBe(true)
    for (const { objects, maskSize } of scenes) for (const { mask } of objects) expect(mask).toHaveLength(maskSize ** 2)
  })

  test('name nearly every object in their captions', () => {
    const originals = scenes.slice(0, 140)
    for (const { caption, objects } of originals) for (const { word } of objects) expect(caption).toContain(word)
  })

  test('begin with scenes of several kinds of edit', () => {
    expect(new Set(scenes.slice(0, 10).map(({ image }) => image.split('/').at(-2))).size).toBeGreaterThanOrEqual(5)
  })
})

test('runs are starts and lengths', () => expect([...decodeRuns([1, 2, 5, 1], 6)]).toEqual([0, 1, 1, 0, 0, 1]))
