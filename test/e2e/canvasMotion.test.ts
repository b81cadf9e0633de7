/** The canvas while its view moves, under a pen, and when memory is short; in a real Chromium. */
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CanvasPage, type PageDocument, findChromium, launchChromium } from '../support/canvasPage.ts'

const chromium = findChromium()
if (!chromium) console.log('The moving canvas is not tested in a browser: no Chromium was found; install one or set PALIMPSEST_CHROMIUM.')

/** How far two screenshots of one size lie apart: grey levels at the worst sample, and the share of samples beyond two. */
async function difference(a: Buffer, b: Buffer): Promise<{ worst: number; share: number }> {
  const [one, two] = await Promise.all([a, b].map((png) => sharp(png).raw().toBuffer()))
  const apart = one!.map((value, at) => Math.abs(value - two![at]!))
  return { worst: Math.max(...new Set(apart)), share: apart.filter((levels) => levels > 2).length / apart.length }
}

const SIZE = { width: 800, height: 600 }
const LAYERED: PageDocument = { width: 3000, height: 2000, paintLayers: 3, paintedShare: 0.4, mask: true, latencyMs: 2 }

describe.skipIf(!chromium)('the canvas in motion', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(chromium!)
  })
  afterAll(() => browser?.close())

  async function using(document: Partial<PageDocument>, ratio: number, test: (canvas: CanvasPage) => Promise<void>): Promise<void> {
    const canvas = await CanvasPage.open(browser, SIZE, { ...LAYERED, ...document }, ratio)
    try {
      await test(canvas)
    } finally {
      await canvas.page.close()
    }
  }

  async function maskStroke({ page }: CanvasPage): Promise<void> {
    await page.mouse.move(300, 250)
    await page.mouse.down()
    await page.mouse.move(480, 340, { steps: 8 })
    await page.mouse.up()
  }

  /** What the screen shows, against the same view painted anew. */
  async function expectSharp(canvas: CanvasPage, what: string, turned = false): Promise<void> {
    await canvas.page.mouse.move(5, 5)
    await canvas.idle()
    const seen = await canvas.page.screenshot()
    await canvas.run("(editor.setTheme({ surround: '#1f2226', checker: ['#5a5d63', '#6d7076'], accent: '#4c9ffe', onAccent: '#ffffff', reducedMotion: true }), editor.stats.frames)")
    await canvas.idle()
    const { worst, share } = await difference(seen, await canvas.page.screenshot())
    // a turned view is resampled, and the edges of bands and of the mask round apart there; a seam or a blur is far more
    expect(worst, what).toBeLessThanOrEqual(turned ? 24 : 2)
    expect(share, what).toBeLessThan(turned ? 5e-3 : 1e-3)
  }

  for (const ratio of [1, 1.5]) {
    it(`is as sharp at rest as if it had never moved, display at ${ratio * 100} %`, async () => {
      await using({}, ratio, async (canvas) => {
        const { page } = canvas
        // the outline's pixels depend on how much of the line is drawn at once, by a grey or two
        await canvas.run("(editor.setMaskLook({ outline: false }), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 120 } }))")
        await maskStroke(canvas)
        await canvas.idle()
        await page.mouse.move(350, 280)
        for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -60)
        await expectSharp(canvas, 'after zooming in')
        await page.mouse.move(350, 280)
        for (let i = 0; i < 9; i++) await page.mouse.wheel(0, 60)
        await expectSharp(canvas, 'after zooming out')
        await canvas.run("editor.setTool('hand')")
        for (const [x, y] of [[350, 280], [420, 300]] as const) {
          await page.mouse.move(x, y)
          await page.mouse.wheel(0, -60)
          await page.mouse.down()
          await page.mouse.move(x + 60, y + 25, { steps: 5 })
          await page.mouse.up()
        }
        await expectSharp(canvas, 'after zooming and moving at once')
        for (let i = 1; i <= 6; i++) await canvas.run(`editor.rotateTo(${3 * i})`)
        await expectSharp(canvas, 'after turning', true)
        await canvas.run('editor.rotateTo(0)')
        await expectSharp(canvas, 'upright again')
      })
    }, 60_000)
  }

  it('shows the mask in every frame of a zoom, and paints no frame from tiles alone', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 200 } }), editor.setMaskLook({ colour: '#00ff00', opacity: 1, pattern: false }))")
      await canvas.idle()
      await maskStroke(canvas)
      await canvas.idle()
      const colours: number[][] = []
      await page.mouse.move(390, 295) // on the mask: it stays there
      for (let i = 0; i < 6; i++) {
        await page.mouse.wheel(0, i % 2 === 0 ? -60 : 60)
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
        colours.push(await canvas.colourAt(390, 295))
      }
      expect(colours).toEqual(Array.from({ length: 6 }, () => [0, 255, 0]))
    })
  }, 60_000)

  it('shows a stroke at once that begins while the view still moves', async () => {
    await using({}, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 60 } }), editor.setMaskLook({ colour: '#00ff00', opacity: 1, pattern: false, outline: false }))")
      await canvas.idle()
      await page.mouse.move(400, 300)
      await page.mouse.wheel(0, -60)
      await page.mouse.down()
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
      expect(await canvas.colourAt(400, 300)).toEqual([0, 255, 0])
      await page.mouse.up()
      await expectSharp(canvas, 'after the stroke')
    })
  }, 60_000)

  it('keeps within its budget of tiles, gives up those out of sight and reads them again', async () => {
    const budget = { tiles: 24 * 2 ** 20, composed: 16 * 2 ** 20 }
    await using({ budget }, 1, async (canvas) => {
      for (const zoom of [1, 2, 1]) {
        for (const [x, y] of [[0, 0], [2200, 0], [2200, 1400], [0, 1400]]) {
          await canvas.run(`editor.fitBox({ x: ${x}, y: ${y}, width: ${800 / zoom}, height: ${600 / zoom} })`)
          await canvas.run(`editor.zoomTo(${zoom})`)
          await canvas.idle()
          const { tileBytes, composedBytes } = await canvas.run<{ tileBytes: number; composedBytes: number }>('editor.stats')
          // what is in sight is never given up, whatever the budget: 5 x 4 tiles of four layers, twice where they can be painted on
          expect(tileBytes).toBeLessThan(budget.tiles + 7 * 6 * 7 * 262_144)
          expect(composedBytes).toBeLessThanOrEqual(budget.composed)
        }
      }
      expect(await canvas.run<number>('editor.stats.tilesEvicted')).toBeGreaterThan(50)
      await expectSharp(canvas, 'where tiles were read again')
    })
  }, 60_000)

  it('shows what changed in tiles that were given up meanwhile', async () => {
    await using({ paintLayers: 0, budget: { tiles: 2 * 2 ** 20, composed: 64 * 2 ** 20 } }, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 80 } }), editor.setMaskLook({ colour: '#00ff00', opacity: 1, pattern: false, outline: false }))")
      await canvas.idle()
      await page.mouse.click(400, 300)
      await canvas.idle()
      expect(await canvas.colourAt(400, 300)).toEqual([0, 255, 0])
      for (const dx of [-1100, 1100]) {
        for (let i = 0; i < 4; i++) await canvas.run(`editor.panBy(${dx / 4}, 0)`)
        await canvas.idle()
        if (dx < 0) await canvas.run("(host.clearMask(), editor.setDocument(host.view, [{ layer: host.view.activeMask, plane: 'pixels', tiles: null }]))")
        await canvas.idle()
      }
      expect(await canvas.colourAt(400, 300)).not.toEqual([0, 255, 0])
    })
  }, 60_000)

  it('paints wider where a pen presses harder, through every reading between two frames', async () => {
    await using({ paintLayers: 0 }, 1, async (canvas) => {
      const { page } = canvas
      await canvas.run("(editor.zoomTo(1), editor.setTool('mask-brush', { brush: { ...editor.toolOptions.brush, size: 60, hardness: 1, smoothing: 0, pressureSize: true } }))")
      await canvas.idle()
      await page.evaluate("(window.seen = { events: 0, readings: 0 }, addEventListener('pointermove', (event) => { if (event.pointerType !== 'pen' || event.buttons === 0) return; seen.events++; seen.readings += event.getCoalescedEvents().length }, true))")
      const session = await page.context().newCDPSession(page)
      const pen = (type: string, x: number, y: number, force: number): Promise<unknown> => session.send('Input.dispatchMouseEvent', { type: type as 'mouseMoved', x, y, button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1, pointerType: 'pen', force })
      await pen('mousePressed', 200, 200, 0.15)
      // sent without waiting: the browser hands several over in one event
      await Promise.all(Array.from({ length: 60 }, (_, i) => pen('mouseMoved', 200 + 7 * i, 300 - 100 * Math.cos((Math.PI * i) / 15), 0.15 + 0.85 * (i / 60))))
      await pen('mouseReleased', 613, 300 - 100 * Math.cos((Math.PI * 59) / 15), 1)
      await page.mouse.move(5, 5)
      await canvas.idle()
      const seen = await page.evaluate<{ events: number; readings: number }>('window.seen')
      expect(seen.readings).toBeGreaterThanOrEqual(58)
      expect(seen.events).toBeLessThan(seen.readings)
      // the crests of the wave are reached, and the line grows
      const thickness = (x: number): Promise<number> => canvas.run<number>(`(() => {
        const id = host.view.activeMask
        let n = 0
        for (let y = 100; y < 500; y++) {
          const at = editor.toDocument({ x: ${x} + 0.5, y: y + 0.5 })
          const bytes = host.committed(id, Math.floor(at.x / 256), Math.floor(at.y / 256))
          if (bytes && bytes[(Math.floor(at.y) % 256) * 256 + (Math.floor(at.x) % 256)] > 127) n++
        }
        return n
      })()`)
      const [first, second] = [await thickness(305), await thickness(515)]
      expect(first).toBeGreaterThan(5)
      expect(second).toBeGreaterThan(first * 1.5)
    })
  }, 60_000)
})
