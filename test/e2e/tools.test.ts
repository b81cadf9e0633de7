/**
 * Every tool and mask operation in the real window over the real host and engine. What each has done is judged by the
 * host's document and by exported pixels.
 */
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, shoot, shootFailures } from './chromium.ts'
import { type DocumentProbe, pixelsOf } from './served/documentProbe.ts'
import type { EditorHands } from './served/editorHands.ts'
import { type TargetEditor, openTarget } from './served/targetEditor.ts'
import { TARGET } from './served/targetPicture.ts'

const executable = chromiumPath()
const { disc } = TARGET
const DISC_PIXELS = Math.PI * disc.radius ** 2

describe.skipIf(executable === null)('tools, served', () => {
  let editor: TargetEditor
  let page: Page
  let probe: DocumentProbe
  let hands: EditorHands

  beforeAll(async () => {
    editor = await openTarget(executable!)
    ;({ page, probe, hands } = editor)
  }, 300_000)
  afterAll(() => editor?.close())
  shootFailures(() => page)

  test('mask brush and eraser: size by brackets, Alt and right-drag, Alt turns adding round, one mark a stroke', async () => {
    await hands.key('b')
    const [size] = await hands.brush()
    await page.keyboard.press(']')
    await expect.poll(async () => (await hands.brush())[0]).not.toBe(size)
    await page.keyboard.press('[')
    await expect.poll(async () => (await hands.brush())[0]).toBe(size)
    const before = Number.parseInt(size!, 10)
    await hands.drag([[200, 150], [180, 150]], ['Alt'], 'right') // sideways: the brush's edge follows the pointer
    await expect.poll(async () => Number.parseInt((await hands.brush())[0]!, 10)).toBe(before - 40)
    const painted = await hands.step(() => hands.drag([[100, 110], [200, 110]]))
    expect(painted.undo).toBe('Paint mask')
    const full = await probe.mask()
    expect(full.at(150, 110)).toBe(255)
    expect(full.at(150, 200)).toBe(0)
    expect(full.touched).toBeGreaterThan(100 * (before - 40) * 0.8)
    await hands.step(() => hands.drag([[150, 80], [150, 140]], ['Alt']))
    expect((await probe.mask()).at(150, 110)).toBe(0)
    await hands.undo()
    expect((await probe.mask()).at(150, 110)).toBe(255)
    await hands.key('e')
    await hands.step(() => hands.drag([[180, 80], [180, 140]]))
    const erased = await probe.mask()
    expect([erased.at(180, 110), erased.at(110, 110)]).toEqual([0, 255])
    await hands.clear()
  }, 60_000)

  test('a stroke that Escape bails out of leaves no mark', async () => {
    await hands.key('b')
    const { head } = await probe.view()
    await page.mouse.move(...await hands.at([100, 100]))
    await page.mouse.down()
    await page.mouse.move(...await hands.at([200, 200]), { steps: 5 })
    await page.keyboard.press('Escape')
    await page.mouse.up()
    await page.waitForTimeout(300)
    expect((await probe.view()).head).toBe(head)
    expect((await probe.mask()).touched).toBe(0)
  })

  test('rectangle, ellipse, lasso and polygon join by adding, taking away and intersecting', async () => {
    await hands.key('m')
    await hands.step(() => hands.drag([[50, 50], [150, 130]]))
    expect((await probe.mask()).full).toBe(100 * 80)
    await hands.step(() => hands.drag([[100, 50], [200, 130]], ['Shift']))
    expect((await probe.mask()).full).toBe(150 * 80)
    await hands.step(() => hands.drag([[50, 50], [100, 90]], ['Alt']))
    expect((await probe.mask()).full).toBe(150 * 80 - 50 * 40)
    await hands.step(() => hands.drag([[100, 60], [300, 100]], ['Shift', 'Alt']))
    expect((await probe.mask()).full).toBe(100 * 40)
    await hands.clear()
    await hands.key('Shift+M')
    await hands.step(() => hands.drag([[50, 50], [150, 150]]))
    expect(Math.abs((await probe.mask()).touched - Math.PI * 2500)).toBeLessThan(300)
    await hands.clear()
    await hands.key('l')
    await hands.step(() => hands.drag([[60, 60], [160, 60], [160, 160], [60, 160], [60, 62]]))
    expect(Math.abs((await probe.mask()).full - 10_000)).toBeLessThan(400)
    await hands.clear()
    await hands.key('Shift+L')
    for (const corner of [[60, 60], [160, 60], [160, 160]] as const) await hands.click(corner)
    await hands.step(() => page.keyboard.press('Enter'))
    expect(Math.abs((await probe.mask()).full - 5000)).toBeLessThan(200)
    await hands.clear()
  }, 60_000)

  test('wand and smart select find the disc, each within what the eye would call it', async () => {
    await hands.command('Colour wand')
    await page.locator('.options-name', { hasText: 'Colour wand' }).waitFor()
    await hands.step(() => hands.click([disc.x, disc.y]))
    const wand = await probe.mask()
    expect(Math.abs(wand.full - DISC_PIXELS) / DISC_PIXELS).toBeLessThan(0.03)
    expect(wand.at(300, 250)).toBe(0)
    await hands.clear()
    await hands.key('w')
    await hands.drag([[disc.x - 25, disc.y], [disc.x + 25, disc.y]])
    await hands.drag([[40, 40], [250, 40]], ['Alt'])
    await hands.step(() => page.keyboard.press('Enter'))
    const smart = await probe.mask()
    expect(Math.abs(smart.full - DISC_PIXELS) / DISC_PIXELS).toBeLessThan(0.1)
    await hands.clear()
  }, 60_000)

  test('gradient mask rises from nothing to everything', async () => {
    await hands.key('g')
    await hands.step(() => hands.drag([[100, 150], [300, 150]]))
    const mask = await probe.mask()
    expect(mask.at(60, 150)).toBeLessThan(8)
    expect(Math.abs(mask.at(200, 150) - 128)).toBeLessThan(14)
    expect(mask.at(360, 150)).toBeGreaterThan(247)
    await hands.clear()
  })

  test('invert, all, grow, shrink, feather, undo of each', async () => {
    await hands.key('m')
    await hands.step(() => hands.drag([[100, 100], [200, 160]]))
    const number = (name: string, pixels: string): Promise<unknown> => hands.step(async () => {
      await hands.command(name)
      await page.getByRole('dialog').locator('.ui-slider-field input').fill(pixels)
      await page.keyboard.press('Enter')
    })
    await number('Grow', '10')
    expect((await probe.mask()).at(92, 130)).toBe(255)
    await number('Shrink', '20')
    const shrunk = await probe.mask()
    expect([shrunk.at(105, 130), shrunk.at(115, 130)]).toEqual([0, 255])
    await number('Feather', '8')
    const soft = (await probe.mask()).at(110, 130)
    expect(soft).toBeGreaterThan(60)
    expect(soft).toBeLessThan(200)
    await hands.undo()
    expect((await probe.mask()).at(115, 130)).toBe(255)
    await hands.step(() => page.keyboard.press('Control+Shift+I'))
    expect((await probe.mask()).at(115, 130)).toBe(0)
    await hands.step(() => page.keyboard.press('Control+a'))
    expect((await probe.mask()).full).toBe(TARGET.width * TARGET.height)
    await hands.clear()
  }, 60_000)

  test('a mask goes out as a grey picture, comes in again, and is copied and pasted', async () => {
    await hands.key('m')
    await hands.step(() => hands.drag([[100, 100], [200, 160]]))
    const file = await hands.download(() => hands.command('Export the mask'))
    const grey = await pixelsOf(file)
    expect([grey.width, grey.height, grey.at(150, 130)[0], grey.at(50, 50)[0]]).toEqual([TARGET.width, TARGET.height, 255, 0])
    await page.keyboard.press('Control+Alt+c')
    await page.locator('.notice', { hasText: /copied/i }).first().waitFor()
    await hands.clear()
    await hands.choose(() => hands.command('Import a mask'), 'mask.png', file)
    await page.getByRole('dialog').getByText('Coloured = will change').waitFor()
    await hands.step(() => page.getByRole('dialog').getByRole('button', { name: /Use|Take|mask/ }).last().click())
    expect((await probe.mask()).full).toBe(100 * 60)
    await hands.clear()
    await hands.key('v')
    await page.keyboard.press('Control+Alt+v')
    await page.getByRole('dialog').getByText('Coloured = will change').waitFor()
    await hands.step(() => page.getByRole('dialog').getByRole('button', { name: /Use|Take|mask/ }).last().click())
    expect((await probe.mask()).full).toBe(100 * 60)
    await hands.clear()
  }, 60_000)

  test('paint, eraser, eyedropper and clone work on a layer of their own; the picture keeps its 16 bits', async () => {
    await hands.key('i')
    await hands.click([disc.x, disc.y])
    await expect.poll(() => page.locator('.toolbar-colour input').inputValue()).toMatch(/^#[de]/)
    await hands.command('Paint brush')
    await hands.step(() => hands.drag([[280, 60], [340, 60]]))
    const paint = await probe.top('paint')
    const red = (await probe.picture({ depth: 8 })).at(310, 60)
    expect(red[0]! - red[1]!).toBeGreaterThan(120)
    await hands.command('Paint eraser')
    await hands.step(() => hands.drag([[310, 30], [310, 90]]))
    expect((await probe.picture({ layer: paint.id, depth: 8 })).at(310, 60)[3]).toBe(0)
    await hands.command('Clone')
    await hands.click([300, 260], ['Alt'])
    await hands.step(() => hands.drag([[300, 150], [330, 150]]))
    const blue = (await probe.picture({ depth: 8 })).at(315, 150)
    expect(blue[2]! - blue[0]!).toBeGreaterThan(100)
    const [was, now] = await Promise.all([pixelsOf(editor.source), probe.picture()])
    expect(now.channels).toBeGreaterThanOrEqual(3)
    expect(now.data).toBeInstanceOf(Uint16Array)
    for (const { x, y } of [{ x: 20, y: 20 }, disc, { x: 200, y: 280 }]) expect(now.at(x, y).slice(0, 3)).toEqual(was.at(x, y))
    expect((await sharp(await probe.export()).metadata()).icc?.equals((await sharp(editor.source).metadata()).icc!)).toBe(true)
  }, 60_000)

  test('hand and zoom change the view only', async () => {
    const { head } = await probe.view()
    await page.keyboard.press('Control+0')
    await expect.poll(() => hands.zoom()).toBe('200 %')
    const [x, y] = await hands.at([TARGET.width / 2, TARGET.height / 2])
    await hands.key('z')
    await page.mouse.click(x, y)
    await expect.poll(() => hands.zoom()).toBe('300 %')
    await page.keyboard.down('Alt')
    await page.mouse.click(x, y)
    await page.keyboard.up('Alt')
    await expect.poll(() => hands.zoom()).toBe('200 %')
    await hands.key('h')
    await hands.drag([[200, 150], [240, 170]])
    await page.mouse.move(...await hands.at([240, 170]))
    await expect.poll(() => hands.pointer()).toMatch(/^(199|200), (149|150)$/) // what was taken hold of is still under the hand
    await page.keyboard.press('Control+0')
    expect((await probe.view()).head).toBe(head)
  })

  test('two fingers zoom, one finger paints, a pen erases with its other end', async () => {
    const { head } = await probe.view()
    await hands.key('b')
    await hands.touch([[[560, 400]], [[560, 400], [660, 400]], ...[20, 40, 50].map((spread): [number, number][] => [[560 - spread, 400], [660 + spread, 400]])])
    await expect.poll(() => hands.zoom()).toBe('400 %') // twice as far apart as they began
    expect((await probe.view()).head).toBe(head)
    await page.keyboard.press('Control+0')
    await expect.poll(() => hands.zoom()).toBe('200 %')
    const painted = await Promise.all([100, 120, 150, 200].map(async (x) => [await hands.at([x, 110])]))
    await hands.step(() => hands.touch(painted))
    expect((await probe.mask()).at(150, 110)).toBe(255)
    await hands.step(() => hands.eraserEnd([[150, 60], [150, 90], [150, 120], [150, 160]]))
    expect([(await probe.mask()).at(150, 110), (await probe.mask()).at(100, 110)]).toEqual([0, 255])
    await hands.clear()
  }, 60_000)

  test('the navigator shows what is seen and moves the view', async () => {
    await hands.command('Navigator')
    const navigator = page.locator('.navigator')
    await navigator.waitFor()
    await page.locator('.navigator img').waitFor()
    await page.locator('.canvas-place [tabindex]').first().focus()
    for (let times = 0; times < 4; times++) await page.keyboard.press('Control+=')
    const box = (await navigator.boundingBox())!
    await page.mouse.click(box.x + box.width * 0.25, box.y + box.height * 0.75)
    const canvas = (await page.locator('.canvas-place').boundingBox())!
    await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2)
    const [x, y] = (await hands.pointer())!.split(', ').map(Number)
    expect(Math.abs(x! - TARGET.width / 4)).toBeLessThan(4)
    expect(Math.abs(y! - TARGET.height * 0.75)).toBeLessThan(4)
    await shoot(page, 'tools-navigator')
    await hands.command('Navigator')
    await navigator.waitFor({ state: 'detached' })
    await page.keyboard.press('Control+0')
  }, 60_000)

  test('nothing went wrong on the page meanwhile', () => {
    expect(editor.problems).toEqual([])
  })
})
