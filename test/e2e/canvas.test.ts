import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CanvasPage, type PageDocument, findChromium, launchChromium } from '../support/canvasPage.ts'

const chromium = findChromium()
if (!chromium) console.log('The canvas is not tested in a browser: no Chromium was found; install one or set PALIMPSEST_CHROMIUM.')

const SIZE = { width: 800, height: 600 }
const PHOTOGRAPH: PageDocument = { width: 3000, height: 2000, paintLayers: 0, paintedShare: 0, mask: false, latencyMs: 2 }
const SHOTS = path.resolve(import.meta.dirname, '../../out/e2e/canvas')

describe.skipIf(!chromium)('the canvas in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true })
    browser = await launchChromium(chromium!)
  })
  afterAll(() => browser?.close())

  async function open(document: Partial<PageDocument> = {}, ratio = 1): Promise<CanvasPage> {
    return CanvasPage.open(browser, SIZE, { ...PHOTOGRAPH, ...document }, ratio)
  }

  async function using(document: Partial<PageDocument>, ratio: number, test: (canvas: CanvasPage) => Promise<void>): Promise<void> {
    const canvas = await open(document, ratio)
    try {
      await test(canvas)
    } finally {
      await canvas.page.close()
    }
  }

  /** Where the committed mask lies: its middle and how much of it there is, document pixels. */
  async function maskMiddle(canvas: CanvasPage): Promise<{ x: number; y: number; area: number }> {
    return canvas.run(`(() => {
      const id = host.view.activeMask
      let [x, y, area] = [0, 0, 0]
      for (let row = 0; row < 12; row++) for (let column = 0; column < 16; column++) {
        const bytes = id === null ? null : host.committed(id, column, row)
        if (bytes) bytes.forEach((value, i) => { x += value * (column * 256 + (i & 255) + 0.5); y += value * (row * 256 + (i >> 8) + 0.5); area += value })
      }
      return { x: x / area, y: y / area, area: area / 255 }
    })()`)
  }

  for (const ratio of [1, 1.25, 1.5, 2]) {
    it(`paints under the cursor at ${ratio * 100} % scaling, at every zoom and turned`, async () => {
      await using({}, ratio, async (canvas) => {
        const { page } = canvas
        await canvas.run("editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 40, hardness: 1, smoothing: 0 } })")
        for (const [zoom, degrees] of [[null, 0], [1, 0], [3, 0], [1, 90], [2, 33]]) {
          await canvas.run(zoom === null ? 'editor.fit()' : `(editor.zoomTo(${zoom}), editor.rotateTo(${degrees}))`)
          await page.mouse.click(301, 222)
          await canvas.idle()
          const wanted = await canvas.run<{ x: number; y: number }>('editor.toDocument({ x: 301, y: 222 })')
          const found = await maskMiddle(canvas)
          expect(Math.hypot(found.x - wanted.x, found.y - wanted.y), `zoom ${zoom}, ${degrees} degrees`).toBeLessThan(0.75)
          expect(found.area / (Math.PI * 20 * 20)).toBeCloseTo(1, 1)
          // what is seen agrees: tinted under the cursor, the photograph just outside of the ring
          const radius = await canvas.run<number>('(20 * editor.zoomLevel) / devicePixelRatio')
          await page.mouse.move(5, 5)
          await canvas.idle()
          const [inside, outside] = [await canvas.colourAt(301, 222), await canvas.colourAt(301 + radius + 6, 222)]
          const place = await canvas.run<{ x: number; y: number }>(`editor.toDocument({ x: ${Math.floor((301 + radius + 6) * ratio) / ratio} + 0.5 / devicePixelRatio, y: ${Math.floor(222 * ratio) / ratio} + 0.5 / devicePixelRatio })`)
          const photo = await canvas.run<number[]>(`page.photographAt(${Math.floor(place.x)}, ${Math.floor(place.y)})`)
          if (zoom !== null && degrees !== 33) expect(distance(outside, photo), `photograph beside the dab, zoom ${zoom}`).toBeLessThan(4)
          expect(distance(inside, photo)).toBeGreaterThan(30)
          await canvas.run("(host.clearMask(), editor.setDocument(host.view, [{ layer: host.view.activeMask, plane: 'pixels', tiles: null }]))")
          await canvas.idle()
        }
      })
    }, 120_000)
  }

  it('shows the photograph where the view says it is, pixel for pixel, upright and turned', async () => {
    await using({}, 1.25, async (canvas) => {
      for (const [zoom, degrees] of [[1, 0], [2, 0], [5, 0], [1, 90], [3, 180]]) {
        await canvas.run(`(editor.zoomTo(${zoom}), editor.rotateTo(${degrees}))`)
        await canvas.idle()
        const wrong = await canvas.run<unknown[]>(`(() => {
          const wrong = []
          for (let y = 20; y < 580; y += 37) for (let x = 20; x < 780; x += 41) {
            const at = editor.toDocument({ x: (Math.floor(x * 1.25) + 0.5) / 1.25, y: (Math.floor(y * 1.25) + 0.5) / 1.25 })
            const [px, py] = [Math.floor(at.x), Math.floor(at.y)]
            if (px < 0 || py < 0 || px >= 3000 || py >= 2000) continue
            const [seen, wanted] = [page.colourAt(x, y), page.photographAt(px, py)]
            if (Math.max(...wanted.map((value, i) => Math.abs(Math.floor(value) - seen[i]))) > 1) wrong.push([x, y, px, py, [...seen], wanted])
          }
          return wrong
        })()`)
        expect(wrong, `zoom ${zoom}, ${degrees} degrees`).toEqual([])
      }
    })
  }, 60_000)

  it('goes on with a stroke that leaves the window and keeps the one before', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("editor.setTool('mask-brush')")
      await page.mouse.click(400, 300)
      await canvas.idle()
      const before = await maskMiddle(canvas)
      await page.mouse.move(200, 200)
      await page.mouse.down()
      await page.mouse.move(-60, 180, { steps: 8 })
      await page.mouse.move(-60, 320, { steps: 4 })
      await page.mouse.move(200, 340, { steps: 8 })
      await page.mouse.up()
      await canvas.idle()
      expect(await canvas.run("host.calls.filter(({ name }) => name === 'commit').length")).toBe(2)
      const after = await maskMiddle(canvas)
      expect(after.area).toBeGreaterThan(before.area * 4)
      const first = await canvas.colourAt(400, 300)
      expect(first[0]).toBeGreaterThan(150) // still tinted
    })
  })

  it('leaves no trace of a stroke that Escape took back', async () => {
    await using({ mask: true }, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("editor.setTool('mask-brush')")
      await page.mouse.click(500, 300)
      await page.mouse.move(5, 5)
      await canvas.idle()
      const before = await page.screenshot()
      await page.mouse.move(300, 200)
      await page.mouse.down()
      await page.mouse.move(520, 320, { steps: 20 })
      await page.keyboard.press('Escape')
      await page.mouse.move(400, 400)
      await page.mouse.up()
      await page.mouse.move(5, 5)
      await canvas.idle()
      expect(Buffer.compare(before, await page.screenshot())).toBe(0)
      expect(await canvas.run("host.calls.filter(({ name }) => name === 'commit').length")).toBe(1)
    })
  })

  it('shows the mask in force by colour, pattern and outline, and hides it only when told', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("editor.setTool('rectangle')")
      await page.mouse.move(300, 200)
      await page.mouse.down()
      await page.mouse.move(500, 400, { steps: 4 })
      await page.mouse.up()
      await page.mouse.move(5, 5)
      await canvas.idle()
      await page.screenshot({ path: path.join(SHOTS, 'mask.png') })
      const row = await canvas.run<number[][]>('Array.from({ length: 24 }, (_, i) => page.colourAt(350 + i, 300))')
      const reds = row.map(([red]) => red)
      expect(Math.max(...reds) - Math.min(...reds)).toBeGreaterThan(15) // the hatch
      const [bare, tinted] = [await canvas.colourAt(250, 300), row[0]]
      expect(distance(bare, tinted)).toBeGreaterThan(30)
      await canvas.run("editor.setMaskLook({ pattern: false, outline: false, opacity: 1, colour: '#00ff00' })")
      await canvas.idle()
      expect(await canvas.colourAt(400, 300)).toEqual([0, 255, 0])
      await canvas.run('editor.setMaskLook({ visible: false })')
      await canvas.idle()
      expect(distance(await canvas.colourAt(400, 300), [0, 255, 0])).toBeGreaterThan(60)
    })
  })

  it('keeps a stroke that cannot be stored on the screen and stores it later', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(host.failures = 1, editor.setTool('mask-brush'))")
      await page.mouse.click(400, 300)
      await page.mouse.move(5, 5)
      await page.waitForFunction("window.canvasPage.events.some(({ type }) => type === 'stroke-failed')")
      const failed = await canvas.run<{ message: string }>("events.find(({ type }) => type === 'stroke-failed')")
      expect(failed.message).toBe('The disk is full; free some space.')
      const kept = await canvas.colourAt(400, 300)
      await canvas.idle()
      expect(await canvas.run("host.calls.filter(({ name }) => name === 'commit').length")).toBe(2)
      expect(await canvas.colourAt(400, 300)).toEqual(kept)
      expect((await maskMiddle(canvas)).area).toBeGreaterThan(100)
    })
  })

  it('paints on a new layer above the photograph, at once and in its colour', async () => {
    await using({ latencyMs: 80 }, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('paint', { layer: 1, colour: '#ff0000' }))")
      await canvas.idle()
      await page.mouse.move(300, 300)
      await page.mouse.down()
      await page.mouse.move(360, 300, { steps: 6 })
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
      expect(await canvas.colourAt(330, 300)).toEqual([255, 0, 0]) // before the host has made the layer
      await page.mouse.up()
      await canvas.idle()
      expect(await canvas.colourAt(330, 300)).toEqual([255, 0, 0])
      expect(await canvas.run("host.changes.map(({ change }) => change).join()")).toBe('layer.add')
      expect(await canvas.run('editor.toolOptions.layer')).toBe(await canvas.run("host.view.layers.find(({ kind }) => kind === 'paint').id"))
    })
  })

  it('clones what the document shows', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('clone', { layer: 1 }))")
      await canvas.idle()
      await page.keyboard.down('Alt')
      await page.mouse.click(200, 200)
      await page.keyboard.up('Alt')
      const wanted = await canvas.colourAt(200, 200)
      await page.mouse.click(264, 200) // one square of the photograph further
      await page.mouse.move(5, 5)
      await canvas.idle()
      expect(distance(await canvas.colourAt(264, 200), wanted)).toBeLessThan(3)
    })
  })

  it('pans with Space and the middle button, zooms at the cursor, sizes the brush with Alt and the right button', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.setTool('mask-brush'), editor.focus())")
      const at = (): Promise<{ x: number; y: number }> => canvas.run('editor.toDocument({ x: 400, y: 300 })')
      const start = await at()
      await page.mouse.move(400, 300)
      await page.mouse.wheel(0, -300)
      await canvas.idle()
      const zoomed = await at()
      expect(Math.hypot(zoomed.x - start.x, zoomed.y - start.y)).toBeLessThan(4)
      expect(await canvas.run<number>('editor.zoomLevel')).toBeGreaterThan(0.26)
      const zoom = await canvas.run<number>('editor.zoomLevel')
      await page.keyboard.down('Space')
      await page.mouse.down()
      await page.mouse.move(450, 320)
      await page.mouse.up()
      await page.keyboard.up('Space')
      const panned = await at()
      expect((zoomed.x - panned.x) * zoom).toBeCloseTo(50, -0.5)
      await page.mouse.down({ button: 'middle' })
      await page.mouse.move(400, 300)
      await page.mouse.up({ button: 'middle' })
      expect((await at()).x - panned.x).toBeGreaterThan(0)
      expect(await canvas.run('host.calls.length')).toBe(0)
      const size = await canvas.run<number>('editor.toolOptions.brush.size')
      await page.keyboard.down('Alt')
      await page.mouse.down({ button: 'right' })
      await page.mouse.move(430, 250)
      await page.mouse.up({ button: 'right' })
      await page.keyboard.up('Alt')
      expect(await canvas.run<number>('editor.toolOptions.brush.size')).toBe(Math.round(size + 60 / zoom))
      expect(await canvas.run<number>('editor.toolOptions.brush.hardness')).toBe(1)
      await page.keyboard.press('[')
      await page.keyboard.press('5')
      expect(await canvas.run('editor.toolOptions.brush.opacity')).toBe(0.5)
      expect(await canvas.run<number>('editor.toolOptions.brush.size')).toBeLessThan(Math.round(size + 60 / zoom))
    })
  })

  it('shows original, difference, split, staged result, preview, glow, frame, handles and rings as they should look', async () => {
    await using({ paintLayers: 2, paintedShare: 0.4 }, 1.5, async (canvas) => {
      const { page } = canvas
      const shot = async (name: string): Promise<void> => {
        await canvas.idle()
        await page.screenshot({ path: path.join(SHOTS, `${name}.png`) })
      }
      await canvas.run("editor.setComparison({ show: 'split', at: 0.5 })")
      await shot('split')
      await canvas.run("editor.setComparison({ show: 'difference' })")
      await canvas.idle()
      const changed = await canvas.run<number>('(() => { let n = 0; for (let x = 60; x < 740; x += 9) for (let y = 90; y < 510; y += 9) if (Math.max(...page.colourAt(x, y).slice(0, 3)) > 8) n++; return n })()')
      expect(changed).toBeGreaterThan(200)
      await shot('difference')
      await canvas.run("editor.setComparison({ show: 'document' })")
      await canvas.run('editor.setGlow({ width: 16, height: 16, bytes: new Uint8Array(256).map((_, i) => Math.max(0, 255 - 40 * Math.hypot((i & 15) - 8, (i >> 4) - 8))), box: { x: 500, y: 300, width: 1500, height: 1500 } })')
      await shot('glow')
      await canvas.run("(editor.setGlow(null), editor.setStaged({ operation: 1, ordinal: 0 }))")
      await shot('staged')
      await canvas.run("(editor.setStaged(null), editor.setTool('frame', { aspect: 1, outside: true }))")
      await shot('frame')
      await canvas.run("editor.setTool('move', { layer: 2 })")
      await shot('handles')
      await canvas.run("(editor.zoomTo(16), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 18, hardness: 0.5 } }))")
      await page.mouse.move(400, 300)
      await page.mouse.down()
      await page.mouse.move(460, 340, { steps: 6 })
      await page.mouse.up()
      await shot('pixels')
      await canvas.run("(editor.zoomTo(0.5), editor.rotateTo(20), editor.setTool('word-paint'))")
      await page.mouse.move(300, 300)
      await page.mouse.down()
      await page.mouse.move(500, 300, { steps: 6 })
      await page.mouse.up()
      await page.keyboard.down('Alt')
      await page.mouse.move(300, 400)
      await page.mouse.down()
      await page.mouse.move(500, 400, { steps: 6 })
      await page.mouse.up()
      await page.keyboard.up('Alt')
      await shot('words')
      const painted = await canvas.run<number[]>("events.filter(({ type }) => type === 'word-paint').map(({ tiles }) => tiles.length)")
      expect(painted).toHaveLength(2)
      expect(Math.min(...painted)).toBeGreaterThan(0)
      await canvas.run("(editor.rotateTo(0), editor.fit(), editor.setTool('smart-select'))")
      await page.mouse.move(300, 300)
      await page.mouse.down()
      await page.mouse.move(420, 330, { steps: 6 })
      await page.mouse.up()
      await page.keyboard.press('Enter')
      await canvas.idle()
      const asked = await canvas.run<{ change: string; foreground: number }>("(({ change, source }) => ({ change, foreground: source.foreground.length }))(host.changes.at(-1))")
      expect(asked.change).toBe('mask.select')
      expect(asked.foreground).toBeGreaterThan(0)
    })
  }, 120_000)

  it('never does more than the changed part for a stroke', async () => {
    await using({ paintLayers: 3, paintedShare: 0.4, mask: true }, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 40 } }))")
      await canvas.idle()
      const before = await canvas.run<Record<string, number>>('editor.stats')
      await page.mouse.move(300, 300)
      await page.mouse.down()
      await page.mouse.move(340, 320, { steps: 20 })
      await page.mouse.up()
      await canvas.idle()
      const after = await canvas.run<Record<string, number>>('editor.stats')
      const frames = after['frames']! - before['frames']!
      // a dab of 40 with room around it, a few hundred times smaller than the window
      expect((after['paintedPixels']! - before['paintedPixels']!) / frames).toBeLessThan(0.05 * SIZE.width * SIZE.height)
      expect(after['tilesRead']! - before['tilesRead']!).toBe(0) // nothing is read again after the commit
    })
  })
})

function distance(one: readonly number[], other: readonly number[]): number {
  return Math.max(...[0, 1, 2].map((i) => Math.abs(one[i]! - other[i]!)))
}
