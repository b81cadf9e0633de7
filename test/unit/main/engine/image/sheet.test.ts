import { describe, expect, it } from 'vitest'
import { letteringSvg, letteringWidth } from '../../../../../main/engine/image/lettering.ts'
import type { Mask } from '../../../../../main/engine/image/mask.ts'
import { comparisonSheet, contactSheet, picturePanel, renderRgb } from '../../../../../main/engine/image/sheet.ts'
import { ADOBE_RGB, drawn, noisePicture, rgbProfile } from '../../../../support/pictures.ts'

describe('sheets', () => {
  it('show before, mask and after side by side, the mask in its colour', async () => {
    const before = drawn(128, 96, () => [0.5, 0.5, 0.5])
    const after = drawn(128, 96, () => [0.2, 0.6, 0.2])
    const mask: Mask = { width: 128, height: 96, data: new Uint8Array(128 * 96).map((_, i) => (i % 128 > 64 ? 255 : 0)) }
    const sheet = await comparisonSheet({ before, mask, after, panelSize: 128 })
    const at = (x: number, y: number): number[] => [...sheet.samples.subarray((y * sheet.width + x) * 3, (y * sheet.width + x) * 3 + 3)]
    expect(sheet.width).toBe(28 + 3 * (128 + 28))
    expect(at(28 + 20, 28 + 40)).toEqual([128, 128, 128])
    expect(at(28 + 2 * 156 + 20, 28 + 40)).toEqual([51, 153, 51])
    const [kept, masked] = [at(28 + 156 + 20, 28 + 40), at(28 + 156 + 100, 28 + 40)]
    expect(kept[0]).toBe(kept[1])
    expect(masked[0]! - masked[1]!).toBeGreaterThan(60)
    // the captions have left ink below the panels
    const caption = [...Array(128).keys()].some((x) => [...Array(30).keys()].some((y) => at(28 + x, 28 + 96 + 5 + y)[0]! < 120))
    expect(caption).toBe(true)
  })

  it('lay panels out in rows', async () => {
    const panels = await Promise.all(['one', 'two', 'three'].map((caption, i) => picturePanel(noisePicture({ width: 40 + i * 10, height: 30, channels: 3, depth: 8 }), caption, 64)))
    const sheet = await contactSheet(panels, 2)
    expect(sheet.width).toBe(28 + 2 * (64 + 28))
    expect((await contactSheet(panels.map((panel) => ({ ...panel, caption: '' })), 2)).height).toBeLessThan(sheet.height)
  })

  it('show pictures in sRGB, and transparency on a checkerboard', async () => {
    const adobe = { ...drawn(8, 8, () => [144 / 255, 1, 60 / 255]), metadata: { icc: rgbProfile(ADOBE_RGB) } }
    const [red, green, blue] = await renderRgb(adobe, { x: 0, y: 0, width: 8, height: 8 }, { width: 8, height: 8 })
    expect(Math.max(red!, 255 - green!, blue!)).toBeLessThan(16)
    const clear = noisePicture({ width: 16, height: 16, channels: 4, depth: 8 })
    for (let i = 3; i < clear.samples.length; i += 4) clear.samples[i] = 0
    expect(new Set(await renderRgb(clear, { x: 0, y: 0, width: 16, height: 16 }, { width: 16, height: 16 }))).toEqual(new Set([255, 219]))
  })
})

describe('lettering', () => {
  it('draws every letter, digit and sign that captions use', () => {
    const text = "abcdefghijklmnopqrstuvwxyz0123456789.,:-+=/%()#×'"
    expect(letteringSvg(text, { x: 0, y: 0 }, 1, '#000').match(/<path/g)).toHaveLength([...text].length)
    expect(letteringSvg('A b', { x: 0, y: 0 }, 1, '#000').match(/<path/g)).toHaveLength(2)
    expect(letteringWidth('')).toBe(0)
    expect(letteringWidth('ab')).toBeGreaterThan(letteringWidth('a'))
  })

  it('writes nothing of the text itself into the drawing', () => {
    expect(letteringSvg('<script>&"', { x: 0, y: 0 }, 1, '#000')).not.toContain('<script')
  })
})
